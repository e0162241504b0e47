//! The `httpsys` program: everything is in the library, the exit status is decided in `cli`.

/// Processes are copied only while nobody is inside the allocator.
#[global_allocator]
static HEAP: httpsys::kernel::Heap = httpsys::kernel::Heap;

fn main() -> std::process::ExitCode {
    httpsys::cli::main()
}
