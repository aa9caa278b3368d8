/// Text of someone else's, short enough to stand in a sentence and free of control characters.
package func excerpt(_ text: some StringProtocol) -> String {
  var kept = ""
  for scalar in text.unicodeScalars.prefix(64) {
    kept.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar)
  }
  return text.unicodeScalars.count > 64 ? kept + "…" : kept
}
