import JSON
import Logging

/// Writes a line an event, as text or as JSON; numbers in the metadata stay numbers.
struct LineLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel: Logger.Level
  let format: LogFormat
  let writer: LogWriter

  init(level: Logger.Level, format: LogFormat, writer: LogWriter) {
    logLevel = level
    self.format = format
    self.writer = writer
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let own = event.metadata ?? [:]
    let all = metadata.isEmpty ? own : metadata.merging(own) { $1 }
    let fields = all.sorted { $0.key < $1.key }
    let time = Timestamp.now.text
    switch format {
    case .json: writer.write(Self.json(time, event, fields))
    case .text: writer.write(Self.text(time, event, fields))
    }
  }

  private typealias Fields = [(key: String, value: Logger.Metadata.Value)]

  private static func json(_ time: String, _ event: LogEvent, _ fields: Fields) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.object { w in
      w.member("time", time)
      w.member("level", event.level.rawValue)
      w.member("message", event.message.description)
      for (key, value) in fields {
        w.name(key)
        switch value {
        case .stringConvertible(let number as Int): w.value(number)
        case .stringConvertible(let number as Double): w.value(number)
        default: w.value(value.description)
        }
      }
    }
    return writer.finish() + [UInt8(ascii: "\n")]
  }

  private static func text(_ time: String, _ event: LogEvent, _ fields: Fields) -> [UInt8] {
    let level = event.level.rawValue.uppercased()
    var line = time + " " + level + String(repeating: " ", count: max(0, 8 - level.utf8.count))
    line += oneLine(event.message.description)
    for (key, value) in fields { line += " \(key)=\(word(value.description))" }
    return Array((line + "\n").utf8)
  }

  /// A value as one word: in quotes where it would not be.
  private static func word(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
    }
    guard !isPlain || text.isEmpty else { return text }
    var writer = JSONWriter(reserving: text.utf8.count + 2)
    writer.value(text)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  private static func oneLine(_ text: String) -> String {
    text.utf8.contains { $0 < 0x20 }
      ? String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
      : text
  }
}
