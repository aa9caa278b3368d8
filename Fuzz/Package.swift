// swift-tools-version: 6.2
import PackageDescription

/// Fuzzers, in a package of their own so that building the service never builds them. The rooms under
/// test are compiled here once more (through links), because they must be instrumented too.
///
///     swift build -c release
///     SWIFT_BACKTRACE=enable=no .build/release/FuzzJSON -dict=JSON.dict FOUND Corpus/JSON
///     SWIFT_BACKTRACE=enable=no .build/release/FuzzRequests -dict=Requests.dict FOUND Corpus/Requests
///
/// New inputs go to the folder FOUND; one that fails becomes a test.
let instrumented: [SwiftSetting] = [
  .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])
]

/// From the ground up: each may use those before it.
let rooms = [
  "Quantities", "JSON", "Workload", "Hardware", "Costing", "Scheduling", "Galvatron", "Planning",
  "Calibrating", "Analyzing", "Importing", "Exporting", "Reporting", "PlanAPI",
]

func fuzzer(_ name: String, of room: String) -> Target {
  .executableTarget(
    name: name, dependencies: [.byName(name: room), "JSON"], swiftSettings: instrumented,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])])
}

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
  ],
  targets: rooms.enumerated().map { index, room in
    .target(
      name: room,
      dependencies: rooms[..<index].map { .byName(name: $0) }
        + [.product(name: "HeapModule", package: "swift-collections")],
      swiftSettings: instrumented)
  } + [fuzzer("FuzzJSON", of: "JSON"), fuzzer("FuzzRequests", of: "PlanAPI")]
)
