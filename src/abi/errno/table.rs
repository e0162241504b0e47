//! The rows of the table of error numbers: number, name, glibc's text (`man 3 strerror`), and a plain
//! sentence. The same on x86_64 and aarch64 (`include/uapi/asm-generic/errno.h`).
//!
//! The last rows never reach a program; a tracer sees them when a signal interrupts a call
//! (`include/linux/errno.h`). Their texts are strace's.

use super::{Errno, Row};

macro_rules! errnos {
    ($( $number:literal $name:ident $text:literal $sentence:literal; )*) => {
        impl Errno {
            $(
                #[doc = concat!($number, ": ", $sentence)]
                pub const $name: Errno = Errno($number);
            )*
        }
        /// Every error number, in order.
        pub static ROWS: &[Row] = &[$( Row {
            errno: Errno($number), name: stringify!($name), text: $text, sentence: $sentence,
        } ),*];
    };
}

errnos! {
    1 EPERM "Operation not permitted" "this process has not the right to do that";
    2 ENOENT "No such file or directory" "there is nothing at that path";
    3 ESRCH "No such process" "there is no such process or thread";
    4 EINTR "Interrupted system call" "a signal came before anything happened; make the call again";
    5 EIO "Input/output error" "the device failed to read or write";
    6 ENXIO "No such device or address" "there is no such device, or nobody at the other end of it";
    7 E2BIG "Argument list too long" "the arguments and environment of the new program are too long";
    8 ENOEXEC "Exec format error" "that file is not a program this machine can run";
    9 EBADF "Bad file descriptor" "this number is not an open descriptor, or not open for this";
    10 ECHILD "No child processes" "there is no child to wait for";
    11 EAGAIN "Resource temporarily unavailable" "nothing is there yet; try again when the descriptor is ready";
    12 ENOMEM "Cannot allocate memory" "there is no memory left for it";
    13 EACCES "Permission denied" "permission is missing: of a file, of a directory on the way, or for a port below 1024";
    14 EFAULT "Bad address" "a pointer leads to memory that is not the program's";
    15 ENOTBLK "Block device required" "only a disk will do here";
    16 EBUSY "Device or resource busy" "something else is using it";
    17 EEXIST "File exists" "it is there already";
    18 EXDEV "Invalid cross-device link" "the two paths are on different file systems";
    19 ENODEV "No such device" "there is no such device, or it cannot do that";
    20 ENOTDIR "Not a directory" "a part of the path is not a directory";
    21 EISDIR "Is a directory" "it is a directory";
    22 EINVAL "Invalid argument" "an argument makes no sense here";
    23 ENFILE "Too many open files in system" "the whole machine has no descriptor left";
    24 EMFILE "Too many open files" "this process has no descriptor left: close some, or raise RLIMIT_NOFILE";
    25 ENOTTY "Inappropriate ioctl for device" "the descriptor is not a terminal, or does not know this request";
    26 ETXTBSY "Text file busy" "the program file is being run, or being written";
    27 EFBIG "File too large" "the file would grow past a limit";
    28 ENOSPC "No space left on device" "the disk is full";
    29 ESPIPE "Illegal seek" "this descriptor has no position: it is a socket or a pipe";
    30 EROFS "Read-only file system" "the file system is read-only";
    31 EMLINK "Too many links" "the file has as many names as it can have";
    32 EPIPE "Broken pipe" "nobody reads at the other end any more";
    33 EDOM "Numerical argument out of domain" "a number is outside of what the function knows";
    34 ERANGE "Numerical result out of range" "the result does not fit where it should go";
    35 EDEADLK "Resource deadlock avoided" "waiting for this lock would never end";
    36 ENAMETOOLONG "File name too long" "a name or a path is too long";
    37 ENOLCK "No locks available" "there is no room for another lock";
    38 ENOSYS "Function not implemented" "this kernel does not have the call";
    39 ENOTEMPTY "Directory not empty" "the directory is not empty";
    40 ELOOP "Too many levels of symbolic links" "the path goes through too many symbolic links, or through one that is forbidden";
    42 ENOMSG "No message of desired type" "no message of the wanted type waits";
    43 EIDRM "Identifier removed" "it was removed meanwhile";
    44 ECHRNG "Channel number out of range" "a channel number is out of range";
    45 EL2NSYNC "Level 2 not synchronized" "a level 2 protocol lost its step";
    46 EL3HLT "Level 3 halted" "a level 3 protocol halted";
    47 EL3RST "Level 3 reset" "a level 3 protocol was reset";
    48 ELNRNG "Link number out of range" "a link number is out of range";
    49 EUNATCH "Protocol driver not attached" "no protocol driver is attached";
    50 ENOCSI "No CSI structure available" "there is no such structure left";
    51 EL2HLT "Level 2 halted" "a level 2 protocol halted";
    52 EBADE "Invalid exchange" "an exchange is not valid";
    53 EBADR "Invalid request descriptor" "a request descriptor is not valid";
    54 EXFULL "Exchange full" "an exchange is full";
    55 ENOANO "No anode" "there is no anode left";
    56 EBADRQC "Invalid request code" "a request code is not valid";
    57 EBADSLT "Invalid slot" "a slot is not valid";
    59 EBFONT "Bad font file format" "a font file is broken";
    60 ENOSTR "Device not a stream" "the device is not a stream";
    61 ENODATA "No data available" "there is no such attribute, or no data";
    62 ETIME "Timer expired" "a timer ran out";
    63 ENOSR "Out of streams resources" "there are no stream resources left";
    64 ENONET "Machine is not on the network" "the machine is not on the network";
    65 ENOPKG "Package not installed" "a package is not installed";
    66 EREMOTE "Object is remote" "the object is on another machine";
    67 ENOLINK "Link has been severed" "a link was cut";
    68 EADV "Advertise error" "an advertisement failed";
    69 ESRMNT "Srmount error" "a mount failed";
    70 ECOMM "Communication error on send" "sending failed on the way";
    71 EPROTO "Protocol error" "the other end broke the rules of the protocol";
    72 EMULTIHOP "Multihop attempted" "the path leads over several machines";
    73 EDOTDOT "RFS specific error" "an error of an old remote file system";
    74 EBADMSG "Bad message" "the message or the data structure is broken";
    75 EOVERFLOW "Value too large for defined data type" "a value does not fit its type";
    76 ENOTUNIQ "Name not unique on network" "the name is not unique on the network";
    77 EBADFD "File descriptor in bad state" "the descriptor is in a state that does not allow this";
    78 EREMCHG "Remote address changed" "the remote address changed";
    79 ELIBACC "Can not access a needed shared library" "a needed shared library cannot be used";
    80 ELIBBAD "Accessing a corrupted shared library" "a shared library is broken";
    81 ELIBSCN ".lib section in a.out corrupted" "a section of a program file is broken";
    82 ELIBMAX "Attempting to link in too many shared libraries" "a program needs too many shared libraries";
    83 ELIBEXEC "Cannot exec a shared library directly" "a shared library is not a program";
    84 EILSEQ "Invalid or incomplete multibyte or wide character" "these bytes are not valid characters";
    85 ERESTART "Interrupted system call should be restarted" "the call was cut short by a signal and should be made again";
    86 ESTRPIPE "Streams pipe error" "a stream's pipe failed";
    87 EUSERS "Too many users" "there are too many users";
    88 ENOTSOCK "Socket operation on non-socket" "the descriptor is not a socket";
    89 EDESTADDRREQ "Destination address required" "the socket is not connected and no address was given";
    90 EMSGSIZE "Message too long" "the message is too long to send in one piece";
    91 EPROTOTYPE "Protocol wrong type for socket" "the protocol does not go with this type of socket";
    92 ENOPROTOOPT "Protocol not available" "the socket does not know this option";
    93 EPROTONOSUPPORT "Protocol not supported" "the kernel does not have this protocol";
    94 ESOCKTNOSUPPORT "Socket type not supported" "the kernel does not have this type of socket for this family";
    95 EOPNOTSUPP "Operation not supported" "this socket or file cannot do that";
    96 EPFNOSUPPORT "Protocol family not supported" "the kernel does not have this protocol family";
    97 EAFNOSUPPORT "Address family not supported by protocol" "the kernel does not have this address family, or the address is of another one";
    98 EADDRINUSE "Address already in use" "another socket has this address and port";
    99 EADDRNOTAVAIL "Cannot assign requested address" "this address does not belong to the machine";
    100 ENETDOWN "Network is down" "the network interface is down";
    101 ENETUNREACH "Network is unreachable" "no route leads to that network";
    102 ENETRESET "Network dropped connection on reset" "the network broke the connection";
    103 ECONNABORTED "Software caused connection abort" "the connection was given up before it was taken";
    104 ECONNRESET "Connection reset by peer" "the other end broke the connection off: it sent RST";
    105 ENOBUFS "No buffer space available" "the kernel has no buffer left for it";
    106 EISCONN "Transport endpoint is already connected" "the socket is connected already";
    107 ENOTCONN "Transport endpoint is not connected" "the socket is not connected, or not any more";
    108 ESHUTDOWN "Cannot send after transport endpoint shutdown" "this direction was shut down; nothing can be sent";
    109 ETOOMANYREFS "Too many references: cannot splice" "too many references are in flight";
    110 ETIMEDOUT "Connection timed out" "the other end did not answer in time";
    111 ECONNREFUSED "Connection refused" "nobody listens at that address and port";
    112 EHOSTDOWN "Host is down" "the other machine is down";
    113 EHOSTUNREACH "No route to host" "no route leads to that machine";
    114 EALREADY "Operation already in progress" "this was begun before and is still going on";
    115 EINPROGRESS "Operation now in progress" "it has begun and goes on by itself; wait until the descriptor is ready";
    116 ESTALE "Stale file handle" "the file behind this handle is gone";
    117 EUCLEAN "Structure needs cleaning" "the file system is damaged";
    118 ENOTNAM "Not a XENIX named type file" "not a named type file of an old system";
    119 ENAVAIL "No XENIX semaphores available" "no semaphores of an old system";
    120 EISNAM "Is a named type file" "a named type file of an old system";
    121 EREMOTEIO "Remote I/O error" "the device at the other end failed";
    122 EDQUOT "Disk quota exceeded" "the disk space allowed to this user is used up";
    123 ENOMEDIUM "No medium found" "there is no disk in the drive";
    124 EMEDIUMTYPE "Wrong medium type" "the disk is of the wrong kind";
    125 ECANCELED "Operation canceled" "the operation was taken back";
    126 ENOKEY "Required key not available" "the needed key is not there";
    127 EKEYEXPIRED "Key has expired" "the key is too old";
    128 EKEYREVOKED "Key has been revoked" "the key was revoked";
    129 EKEYREJECTED "Key was rejected by service" "the service refused the key";
    130 EOWNERDEAD "Owner died" "the owner of the lock died";
    131 ENOTRECOVERABLE "State not recoverable" "what the lock protects cannot be repaired";
    132 ERFKILL "Operation not possible due to RF-kill" "a switch has turned the radio off";
    133 EHWPOISON "Memory page has hardware error" "a page of memory is broken";
    512 ERESTARTSYS "To be restarted if SA_RESTART is set" "a signal came; the kernel makes the call again if the handler was set with SA_RESTART";
    513 ERESTARTNOINTR "To be restarted" "a signal came; the kernel makes the call again";
    514 ERESTARTNOHAND "To be restarted if no handler" "a signal came; the kernel makes the call again unless a handler ran";
    515 ENOIOCTLCMD "No ioctl command" "the device does not know this request";
    516 ERESTART_RESTARTBLOCK "Interrupted by signal" "a signal came; the kernel goes on with the rest of the wait unless a handler ran";
    524 ENOTSUPP "Operation not supported by the kernel" "the kernel's driver cannot do that";
}
