import CMicroHTTPD

extension HTTPServer {
  /// The version of libmicrohttpd that is linked at run time.
  package static var libraryVersion: String { String(cString: MHD_get_version()) }
}
