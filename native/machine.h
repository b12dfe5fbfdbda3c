// A virtual machine as the fence's command: qemu is an ordinary program of the fence, with the agent's user, filter and Landlock rules, and the agent
// runs in the kernel that qemu boots. Two of the helper's errands meet over qemu's serial ports (machine_wire.h): `machine` beside qemu, and
// `machine-guest` as the first process of the guest.
#ifndef RINGFENCE_MACHINE_H
#define RINGFENCE_MACHINE_H

// Descriptors of the ports in qemu, from this one on.
enum { MACHINE_PORTS = 10 };

// In the fence. Arguments: BEGUN PROXY PORTS -- QEMU [ARGUMENT...]. BEGUN is a Unix socket that is connected to as soon as the guest can start its
// command. PROXY is the port of the fence's bridge, 0 for none; PORTS how many of the machine's serial ports there are. Ends with the command's code.
_Noreturn void run_machine(char **arguments);

// In the guest, as its process 1. Arguments: UID GID PROXY PORTS PROCESSES FILE-SIZE HOSTNAME. Its files: /modules/*.ko in the order of their names,
// /filter (seccomp) and /request (request.h), and the view as the 9p share `view`.
_Noreturn void run_machine_guest(char **arguments);

#endif
