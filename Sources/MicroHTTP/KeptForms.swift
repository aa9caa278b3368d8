import CMicroHTTPD
import Synchronization

/// libmicrohttpd's forms of an answer that is given again and again, and each time differs in nothing but
/// its request's id: to make one and to release it is most of what a probe costs, so they are kept.
///
/// A form is one exchange's from `take` to `giveBack`, when the library is done with it.
package final class KeptForms: Sendable {
  private struct Form: @unchecked Sendable {
    let handle: OpaquePointer
  }

  /// As many as are ever on their way at once, within reason.
  private static let limit = 256
  private let free = Mutex<[Form]>([])

  package init() {}

  deinit {
    for form in free.withLock({ $0 }) { MHD_destroy_response(form.handle) }
  }

  /// The form for a request of the id; nil where it cannot be made.
  func take(_ headers: HTTPHeaders, _ bytes: [UInt8], id: String) -> OpaquePointer? {
    var form: LibraryResponse
    if let kept = free.withLock({ $0.popLast() }) {
      form = LibraryResponse(kept: kept.handle)
    } else {
      guard let made = LibraryResponse(bytes: bytes) else { return nil }
      form = made
      form.add(headers)
    }
    form.add(Self.idField, id)
    guard form.rejected.isEmpty else {
      MHD_destroy_response(form.handle)
      return nil
    }
    return form.handle
  }

  func giveBack(_ handle: OpaquePointer, id: String) {
    let isClean =
      Self.idField.withCString { name in
        id.withCString { MHD_del_response_header(handle, name, $0) }
      } == .YES
    let form = Form(handle: handle)
    let isKept =
      isClean
      && free.withLock { free in
        guard free.count < Self.limit else { return false }
        free.append(form)
        return true
      }
    if !isKept { MHD_destroy_response(handle) }
  }

  private static let idField = "X-Request-Id"
}
