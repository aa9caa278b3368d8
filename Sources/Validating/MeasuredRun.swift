import JSON

/// A training run that somebody measured and published.
package struct MeasuredRun: Sendable {
  package var id: String
  package var source: String
  /// How much the row is worth: `core`, `micro`, `superseded`, …
  package var tier: String
  /// Runs of one job: same model, GPUs and batch, split in different ways.
  package var job: String
  package var stepSeconds: Double?
  package var peakMemoryGiB: Double?
  package var ranOutOfMemory: Bool
  /// The `/simulate` request that the row stands for, or why it stands for none.
  package var request: Request
  /// The row as it was published.
  package var row: JSONValue

  package enum Request: Sendable {
    case body(JSONValue)
    case none(because: String)
  }

  /// Reads one line of a file of runs.
  package init(_ line: some Sequence<UInt8>) throws(JSONSyntaxError) {
    self.init(row: try JSONDocument(parsing: Array(line)).root)
  }

  private init(row: JSONValue) {
    self.row = row
    id = row["id"]?.string ?? ""
    source = row["source"]?["name"]?.string ?? row["source"]?.string ?? ""
    tier = row["tier"]?.string ?? ""
    let (model, strategy, hardware) = (row["model"], row["strategy"], row["hardware"])
    job = [
      model?["name"], hardware?["gpu"], hardware?["gpus"], strategy?["global_batch"],
      model?["seq_len"], strategy?["precision"],
    ].map { $0?.plainText ?? "-" }.joined(separator: "|")
    let measured = row["measured"]
    stepSeconds = measured?["step_time_s"]?.double
    peakMemoryGiB = measured?["peak_mem_gib"]?.double
    ranOutOfMemory = measured?["oom"]?.boolean ?? false
    request = .none(because: "")
    request = Self.request(row)
  }

  /// All runs of a file: one JSON object a line, or a table of `columns` and `rows`.
  package static func runs(_ text: [UInt8]) throws(JSONSyntaxError) -> [MeasuredRun] {
    if let table = try? JSONDocument(parsing: text).root, table["columns"] != nil {
      return runs(table)
    }
    var runs: [MeasuredRun] = []
    for line in text.split(separator: UInt8(ascii: "\n")) { runs.append(try MeasuredRun(line)) }
    return runs
  }

  /// A column `model.layers` is the member `layers` of a row's member `model`.
  private static func runs(_ table: JSONValue) -> [MeasuredRun] {
    let columns = table["columns"]?.elements.map { $0.string ?? "" } ?? []
    return (table["rows"]?.elements).map { rows in
      rows.map { row in
        let cells = Array(row.elements)
        var w = JSONWriter()
        w.object { w in
          var group: String?
          for (name, cell) in zip(columns, cells) {
            let path = name.split(separator: ".").map(String.init)
            let own = path.count == 2 ? path[0] : nil
            if own != group {
              if group != nil { w.endObject() }
              if let own {
                w.name(own)
                w.beginObject()
              }
              group = own
            }
            w.name(path[path.count - 1])
            w.raw(cell.canonicalBytes)
          }
          if group != nil { w.endObject() }
        }
        guard let document = try? JSONDocument(parsing: w.finish()) else {
          preconditionFailure("what the writer wrote is JSON")
        }
        return MeasuredRun(row: document.root)
      }
    } ?? []
  }
}

extension JSONValue {
  var plainText: String {
    string ?? numberLiteral ?? (isNull ? "-" : boolean.map { "\($0)" } ?? "?")
  }
}
