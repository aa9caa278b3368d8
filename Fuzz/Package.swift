// swift-tools-version: 6.2
import PackageDescription

/// Fuzzers, in a package of their own so that building the service never builds them. The rooms under
/// test are compiled here once more (through links), because they must be instrumented too.
///
///     swift build -c release
///     SWIFT_BACKTRACE=enable=no .build/release/FuzzJSON -dict=JSON.dict FOUND Corpus/JSON
///
/// New inputs go to the folder FOUND; one that fails becomes a test.
let instrumented: [SwiftSetting] = [
  .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])
]

let package = Package(
  name: "fuzz",
  targets: [
    .target(name: "JSON", swiftSettings: instrumented),
    .executableTarget(
      name: "FuzzJSON", dependencies: ["JSON"], swiftSettings: instrumented,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
  ]
)
