// swift-tools-version: 6.2
import PackageDescription

/// The module walls: each module and every module of ours that it may import.
///
/// `swift build --explicit-target-dependency-import-check error` enforces this table. Nothing imports
/// what stands below it. ARCHITECTURE.md says why each wall is here.
let modules: KeyValuePairs<String, [String]> = [
  "Torch": ["CTorch", "CZlib"],
  "Layers": ["Torch"],
  "Spiking": ["Torch", "Layers"],
  "Models": ["Torch", "Layers", "Spiking"],
  "Optimization": ["Torch"],
  "Attacks": ["Torch"],
  "Curvature": ["Torch"],
  "Datasets": ["Torch", "CZlib", "CCrypto"],
  "Training": ["Torch", "Layers", "Spiking", "Optimization", "Attacks", "Datasets"],
  "Experiments": [
    "Torch", "Layers", "Spiking", "Models", "Optimization", "Attacks", "Curvature", "Datasets",
    "Training",
  ],
]

/// Libraries of others that a module may import.
let libraries: [String: [Target.Dependency]] = [
  "Experiments": [.product(name: "Yams", package: "Yams")],
  "Training": [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
]

/// What generated sources are made from.
let schemas = ["Training": ["TensorBoard/event.proto"]]

/// What a module's tests may import beside the module itself and `TestSupport`.
let testImports: [String: [String]] = [
  "Layers": ["Torch"],
  "Spiking": ["Torch", "Layers"],
  "Models": ["Torch", "Layers", "Spiking", "NetworkFixtures"],
  "Optimization": ["Torch"],
  "Attacks": ["Torch"],
  "Curvature": ["Torch", "Layers", "Spiking", "Models", "NetworkFixtures"],
  "Datasets": ["Torch", "CZlib", "CCrypto"],
  "Training": ["Torch", "Layers", "Spiking", "Models", "Optimization", "Attacks", "Datasets"],
  "Experiments": [
    "NetworkFixtures", "Torch", "Layers", "Spiking", "Models", "Optimization", "Attacks",
    "Curvature", "Datasets", "Training",
  ],
]

// `scripts/bootstrap` puts LibTorch into .deps/libtorch. A package that is fetched by version tag may
// carry no unsafe flags: there the root package passes `--toolset` (README, "As a dependency").
let isFetchedByVersion = Context.packageDirectory.contains("/checkouts/")
let libtorch = Context.packageDirectory + "/.deps/libtorch"

let cxxFlags: [CXXSetting] =
  isFetchedByVersion
  ? []
  : [
    .unsafeFlags([
      "-isystem", "\(libtorch)/include",
      "-isystem", "\(libtorch)/include/torch/csrc/api/include",
      // Comes after SwiftPM's -O0, so the kernels are optimised in debug builds too.
      "-O2",
      // A fused multiply-add would round a membrane differently and flip spikes.
      "-ffp-contract=off",
      // LibTorch is built by GCC; newer Clang mangles SFINAE parameters otherwise.
      "-fclang-abi-compat=17",
    ])
  ]
let linkFlags: [LinkerSetting] =
  isFetchedByVersion
  ? []
  : [.unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"])]

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "spikeguard",
  products: [.executable(name: "spikeguard", targets: ["spikeguard"])]
    + modules.map { name, _ in .library(name: name, targets: [name]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CTorch",
      exclude: ["README.md"],
      cxxSettings: cxxFlags,
      linkerSettings: linkFlags + [
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"), .linkedLibrary("m"),
      ]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
    .executableTarget(
      name: "spikeguard",
      dependencies: [
        "Torch", "Layers", "Spiking", "Models", "Optimization", "Curvature", "Datasets", "Training",
        "Experiments", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["Torch"], path: "Tests/TestSupport", swiftSettings: strict
    ),
    .target(
      name: "NetworkFixtures",
      dependencies: ["TestSupport", "Torch", "Layers", "Spiking", "Models"],
      path: "Tests/NetworkFixtures", swiftSettings: strict),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "Torch", "Layers", "Spiking", "Models", "Optimization", "Attacks", "Curvature", "Datasets",
        "Training", "Experiments", "TestSupport", "spikeguard",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
  ]
    + modules.map { name, imports in
      .target(
        name: name,
        dependencies: imports.map { .byName(name: $0) } + (libraries[name] ?? []),
        exclude: ["README.md"] + (schemas[name] ?? []),
        swiftSettings: strict)
    }
    + modules.map { name, _ in
      .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name), "TestSupport"]
          + (testImports[name] ?? []).map { .byName(name: $0) },
        swiftSettings: strict)
    },
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17)
