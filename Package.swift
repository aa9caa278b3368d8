// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours treats warnings as errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A target of the house, with its tests in `Tests/<name>Tests`.
func room(
  _ name: String, on dependencies: [Target.Dependency] = [], besides files: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: files, swiftSettings: strict)
}

func tests(of name: String, with extra: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name)] + extra, swiftSettings: strict)
}

let package = Package(
  name: "stagewright",
  products: [
    .executable(name: "stagewright", targets: ["stagewright"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The core: no Foundation, no C, no clock, no log, no environment.
    room("Quantities"),
    room(
      "Workload", on: ["Quantities", .product(name: "HeapModule", package: "swift-collections")]),
    room("Hardware", on: ["Quantities"]),
    room("Costing", on: ["Quantities", "Workload", "Hardware"]),
    room("Scheduling", on: ["Quantities"]),
    room("Galvatron", on: ["Quantities", "Workload", "Hardware", "Costing", "Scheduling"]),
    room(
      "Planning",
      on: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling",
        .product(name: "HeapModule", package: "swift-collections"),
      ]),

    room(
      "Calibrating",
      on: ["Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning"]),

    room("Analyzing", on: ["Quantities", "Workload"]),

    // What others write and read.
    room("JSON"),
    room(
      "Importing",
      on: ["Quantities", "Workload", "Hardware", "Galvatron", "JSON"]),
    room(
      "Exporting",
      on: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Galvatron", "Planning",
        "JSON",
      ]),
    room(
      "Reporting",
      on: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "Analyzing",
      ],
      besides: ["Page/Web"]),
    room(
      "PlanAPI",
      on: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Galvatron", "Planning",
        "Calibrating", "Analyzing", "JSON", "Importing", "Exporting", "Reporting",
      ]),

    // Published runs, and how far predictions are from them.
    room(
      "Validating",
      on: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "Calibrating",
        "JSON", "Importing", "PlanAPI",
      ]),
    .executableTarget(
      name: "validate",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "Validating", "Importing", "PlanAPI", "Costing", "Calibrating",
      ],
      swiftSettings: strict),

    // The shell.
    .systemLibrary(
      name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
      providers: [.apt(["libmicrohttpd-dev"]), .brew(["libmicrohttpd"])]),
    room("MicroHTTP", on: ["CMicroHTTPD"]),
    // openapi.yaml as bytes.
    .target(name: "COpenAPI"),
    .executableTarget(
      name: "stagewright",
      dependencies: [
        "PlanAPI", "Planning", "Calibrating", "Hardware", "MicroHTTP", "JSON", "COpenAPI",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict,
      linkerSettings: [
        // Nobody looks the runtime's symbols up by name: without them the program is smaller.
        .unsafeFlags(
          ["-use-ld=lld", "-Xlinker", "--no-export-dynamic"],
          .when(platforms: [.linux], configuration: .release)),
        // But for what GnuTLS and libmicrohttpd are to find here (`LibraryTLS`).
        .unsafeFlags(
          [
            "-Xlinker", "--export-dynamic-symbol=_gnutls_global_init_skip",
            "-Xlinker", "--export-dynamic-symbol=gnutls_global_init",
          ], .when(platforms: [.linux], configuration: .release)),
      ]),

    // Times the search: `swift run -c release PlannerBenchmarks`.
    .executableTarget(
      name: "PlannerBenchmarks",
      dependencies: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "Importing",
        "Reporting",
      ],
      swiftSettings: strict),

    .testTarget(
      name: "ArchitectureTests",
      dependencies: [
        "stagewright", "PlanAPI", "MicroHTTP", "JSON", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LiveTests",
      dependencies: [
        "stagewright", "MicroHTTP", "JSON", .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    tests(of: "Quantities"),
    tests(of: "Galvatron", with: ["Quantities", "Scheduling", "JSON", "Importing"]),
    tests(of: "Hardware", with: ["Quantities"]),
    tests(of: "MicroHTTP"),
    tests(of: "Costing", with: ["Quantities", "Workload", "Hardware"]),
    tests(
      of: "Calibrating", with: ["Quantities", "Workload", "Hardware", "Costing", "Planning"]),
    .testTarget(
      name: "ValidatingTests",
      dependencies: ["Validating", "Costing", "Importing", "JSON", "PlanAPI"],
      exclude: ["published-runs.json"], swiftSettings: strict),
    tests(of: "Workload", with: ["Quantities"]),
    tests(of: "Scheduling", with: ["Quantities"]),
    tests(of: "Analyzing", with: ["Quantities", "Workload"]),
    tests(
      of: "Planning",
      with: ["Quantities", "Workload", "Hardware", "Costing", "Scheduling"]),
    tests(
      of: "Reporting",
      with: ["Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning"]),
    tests(of: "JSON"),
    tests(
      of: "Importing",
      with: [
        "Workload", "JSON", "Quantities", "Galvatron", .product(name: "Yams", package: "Yams"),
      ]),
    tests(
      of: "Exporting",
      with: [
        "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning", "JSON",
        "Importing", "Galvatron", .product(name: "Yams", package: "Yams"),
      ]),
    tests(
      of: "PlanAPI",
      with: [
        "JSON", "Quantities", "Workload", "Hardware", "Costing", "Scheduling", "Planning",
        "Importing", "Exporting",
      ]),
  ]
)
