/// libmicrohttpd readies GnuTLS when it is loaded, which reads a megabyte of code and tables into memory
/// for encryption that this server leaves to what stands before it. GnuTLS asks the program whether to
/// (`GNUTLS_SKIP_GLOBAL_INIT` of its `gnutls.h`); libmicrohttpd does not, and its own call ends here, as
/// its answers do in `queueLibraryFault`. Both come before Swift is ready, and may do nothing.
@c(_gnutls_global_init_skip)
public func skipReadyingTLS() -> CInt { 1 }

@c(gnutls_global_init)
public func readyNoTLS() -> CInt { 0 }
