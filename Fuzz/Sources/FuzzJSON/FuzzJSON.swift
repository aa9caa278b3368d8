import JSON

/// libFuzzer's entry: any bytes are parsed or refused, and what is parsed holds together.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    check(try JSONDocument(parsing: bytes))
  } catch {
    precondition(error.offset <= bytes.count && error.line >= 1 && error.column >= 1)
  }
  return 0
}

private func check(_ document: JSONDocument) {
  let root = document.root
  let canonical = root.canonicalBytes
  precondition(canonicalForm(of: canonical) == canonical, "the canonical form has another")
  precondition(canonicalForm(of: root.prettyBytes) == canonical, "formatting changed the value")
  checkPlace(root)
}

private func canonicalForm(of bytes: [UInt8]) -> [UInt8]? {
  (try? JSONDocument(parsing: bytes))?.root.canonicalBytes
}

/// Every accessor may be asked, and every pointer leads back to where it was taken. Only down the
/// first children, as pointers cost the whole document.
private func checkPlace(_ value: JSONValue) {
  _ = (value.integer, value.double, value.string, value.summary, value.isIntegerLiteral)
  precondition(value.kind == .number || value.double == nil)
  if let integer = value.integer { precondition(value.double == Double(integer)) }
  let found = value.document.root.value(at: value.pointer)
  precondition(found?.canonicalBytes == value.canonicalBytes, "a pointer leads astray")
  if let child = value.elements.first(where: { _ in true }) { checkPlace(child) }
  if let (name, child) = value.members.first(where: { _ in true }) {
    precondition(value[name]?.kind == child.kind)
    checkPlace(child)
  }
}
