// Package runtimes knows how each of Lambda's runtimes is started on this machine:
// its program, its arguments, its environment and its layers.
//
// Functions are processes here, not containers, so a few paths differ from AWS.
// LAMBDA_TASK_ROOT and the working directory are the code's own folder instead of
// /var/task, and STAGEDOOR_OPT_DIR names the folder that stands for /opt. PATH,
// LD_LIBRARY_PATH, PYTHONPATH, NODE_PATH and AWS_LAMBDA_EXEC_WRAPPER may use the
// names /var/task and /opt all the same; other variables and the code itself may
// not. TMPDIR and HOME are the environment's own scratch folder; /tmp is the
// machine's. The size of the scratch folder is not limited.
package runtimes
