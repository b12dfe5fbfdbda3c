/** The page with its tables made anew from the filter's table. */
export function syscallsPage(page: string, table: object): string;
