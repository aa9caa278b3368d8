import Foundation
import Testing

@testable import Reporting

@Suite struct PageDocumentTests {
  private static let web = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Reporting/Page/Web").standardized

  private static func file(_ name: String) throws -> String {
    try String(contentsOf: web.appending(path: name), encoding: .utf8)
  }

  /// What is served is what is written in the three files; `.ci/embed-page` makes it so.
  @Test func isJoinedFromItsFiles() throws {
    let joined = try Self.file("page.html")
      .replacing("<!--style-->", with: "<style>\n\(try Self.file("page.css"))</style>")
      .replacing("<!--script-->", with: "<script>\n\(try Self.file("page.js"))</script>")
    #expect(PageDocument.template == joined, "run .ci/embed-page")
  }

  @Test func policyNamesWhatIsInIt() throws {
    #expect(PageDocument.styleDigest == SHA256.base64("\n" + (try Self.file("page.css"))))
    #expect(PageDocument.scriptDigest == SHA256.base64("\n" + (try Self.file("page.js"))))
    #expect(!PageDocument.contentSecurityPolicy.contains("unsafe"))
  }

  @Test func digestsAreSHA256() {
    #expect(SHA256.base64("abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  }

  /// Nothing is fetched from elsewhere, and nothing runs that is written into the markup.
  @Test func needsNothingOutsideItself() throws {
    let markup = try Self.file("page.html")
    #expect(!markup.contains("http://www") || markup.contains("xmlns"))
    for forbidden in [" style=\"", " onclick", " src=\"", "https://", "<link rel=\"stylesheet"] {
      #expect(!markup.contains(forbidden), "\(forbidden)")
    }
    let script = try Self.file("page.js")
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write"] {
      #expect(!script.contains(forbidden), "\(forbidden)")
    }
  }
}

/// FIPS 180-4, to hold the digests that the policy names.
private enum SHA256 {
  private static let primes: [UInt32] = (2...311).filter { n in
    !(2..<n).contains { $0 * $0 <= n && n.isMultiple(of: $0) }
  }

  /// The first 32 bits of the fraction of a root.
  private static func fraction(_ root: Double) -> UInt32 {
    UInt32((root - root.rounded(.down)) * 0x1p32)
  }

  static func base64(_ text: String) -> String {
    let constants = primes.map { fraction(cbrt(Double($0))) }
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    var message = Array(text.utf8)
    let bits = UInt64(message.count) * 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    message += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    for block in stride(from: 0, to: message.count, by: 64) {
      compress(message[block..<(block + 64)], constants, &state)
    }
    return Data(
      state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    )
    .base64EncodedString()
  }

  private static func turned(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

  private static func compress(
    _ block: ArraySlice<UInt8>, _ constants: [UInt32], _ state: inout [UInt32]
  ) {
    var w = stride(from: block.startIndex, to: block.endIndex, by: 4).map { at in
      (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[at + $1]) }
    }
    for i in 16..<64 {
      let a = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3
      let b = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10
      w.append(w[i - 16] &+ a &+ w[i - 7] &+ b)
    }
    var v = state
    for i in 0..<64 {
      let e = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25)
      let choice = v[4] & v[5] ^ ~v[4] & v[6]
      let one = v[7] &+ e &+ choice &+ constants[i] &+ w[i]
      let a = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22)
      let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
      v = [one &+ a &+ majority, v[0], v[1], v[2], v[3] &+ one, v[4], v[5], v[6]]
    }
    for i in 0..<8 { state[i] &+= v[i] }
  }
}
