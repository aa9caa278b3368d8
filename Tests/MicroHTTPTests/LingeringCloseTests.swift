import Glibc
import Testing

@testable import MicroHTTP

/// What a refused client goes on sending is read away for a moment, and no longer.
@Suite struct LingeringCloseTests {
  @Test func readsSoMuchAwayAndCloses() {
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let (own, client) = (ends[0], ends[1])
    defer { close(client) }
    let lingering = LingeringClose()
    #expect(lingering.add(own))
    let bytes = [UInt8](repeating: 32, count: 64 << 10)
    var taken = 0
    // A sender that the other end does not hold up.
    while taken < 2 * LingeringClose.allowance {
      let count = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      if count > 0 { taken += count } else if errno != EAGAIN { break }
      lingering.readAway(own)
    }
    #expect(taken >= LingeringClose.allowance)
    // And what one round reads at once, and the kernel holds.
    #expect(taken < LingeringClose.allowance + 4 << 20)
    #expect(lingering.isEmpty)
  }
}
