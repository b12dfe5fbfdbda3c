// The door of the monitor: the only room that knows the enforcers.
export { proposePolicy } from "./init/proposal.ts";
export { surveyRepository } from "./init/survey.ts";
export { POLICY_FILE, writePolicyFile } from "./init/write.ts";
export { findWorkspace, type Workspace } from "./workspace.ts";
