// The hook client's one clock: every wait ends at the deadline, which lies well below the agent's own, because agents run what was not answered.
#ifndef RINGFENCE_HOOK_TIME_H
#define RINGFENCE_HOOK_TIME_H

// Starts it. When it has run out and nothing else noticed, SIGALRM comes a second later.
void deadline_start(unsigned seconds);

// Milliseconds of the monotonic clock.
long long now_ms(void);

// Waits until FD is ready for EVENTS, at most MOST_MS and never past the deadline. Returns the events, 0 when the time is over.
short wait_for(int fd, short events, long long most_ms);

// True when the deadline is over.
int deadline_is_over(void);

#endif
