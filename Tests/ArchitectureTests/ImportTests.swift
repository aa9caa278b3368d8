import Foundation
import Testing

/// The stairs of the house: what each target may import. The compiler enforces what `Package.swift`
/// declares; this holds `Package.swift` itself, and keeps Foundation and C out of the core.
private let allowedImports: [String: Set<String>] = [
  "Quantities": [],
  "Workload": ["Quantities", "HeapModule"],
  "Hardware": ["Quantities"],
  "Costing": ["Quantities", "Workload", "Hardware"],
  "Scheduling": ["Quantities"],
  "Galvatron": ["Quantities", "Workload", "Hardware", "Costing", "Scheduling"],
  "Planning": ["Quantities", "Workload", "Hardware", "Costing", "Scheduling", "HeapModule"],
  "Calibrating": [
    "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning",
  ],
  "Analyzing": ["Quantities", "Workload"],
  "JSON": [],
  "Importing": ["Quantities", "Workload", "Hardware", "Galvatron", "JSON"],
  "Exporting": [
    "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Galvatron", "Planning",
    "JSON",
  ],
  "Reporting": [
    "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "Analyzing",
  ],
  "PlanAPI": [
    "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Galvatron", "Planning",
    "Calibrating", "Analyzing", "JSON", "Importing", "Exporting", "Reporting", "Glibc",
  ],
  "Validating": [
    "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "Calibrating",
    "JSON", "Importing", "PlanAPI",
  ],
  "MicroHTTP": ["CMicroHTTPD", "Dispatch", "Glibc", "Synchronization"],
]

private let sources = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")

private func swiftFiles(in target: String) throws -> [URL] {
  let root = sources.appending(path: target)
  let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
  return paths.filter { $0.hasSuffix(".swift") }.map { root.appending(path: $0) }
}

private func imports(of file: URL) throws -> Set<String> {
  let text = try String(contentsOf: file, encoding: .utf8)
  let lines = text.split(separator: "\n").filter { $0.contains("import ") }
  return Set(
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count, at <= 2,
        !line.hasPrefix("//"), !line.hasPrefix(" ")
      else { return nil }
      return words[at + 1].split(separator: ".").first.map(String.init)
    })
}

@Suite struct ImportTests {
  @Test(arguments: allowedImports.keys.sorted())
  func importsOnlyDownTheStairs(target: String) throws {
    let files = try swiftFiles(in: target)
    #expect(!files.isEmpty)
    for file in files {
      let extra = try imports(of: file).subtracting(allowedImports[target]!)
      #expect(extra.isEmpty, "\(file.lastPathComponent) imports \(extra.sorted())")
    }
  }

  @Test func everyTargetIsHeld() throws {
    let targets = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    let held = Set(allowedImports.keys).union([
      "CMicroHTTPD", "COpenAPI", "stagewright", "validate", "PlannerBenchmarks",
    ])
    #expect(Set(targets.filter { !$0.hasPrefix(".") }) == held)
  }
}
