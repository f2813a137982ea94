// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "spikeguard-benchmarks",
  dependencies: [
    .package(name: "spikeguard", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "spikeguard-bench",
      dependencies: [
        .product(name: "Torch", package: "spikeguard"),
        .product(name: "Layers", package: "spikeguard"),
        .product(name: "Spiking", package: "spikeguard"),
        .product(name: "Models", package: "spikeguard"),
        .product(name: "Optimization", package: "spikeguard"),
        .product(name: "Attacks", package: "spikeguard"),
        .product(name: "Curvature", package: "spikeguard"),
        .product(name: "Datasets", package: "spikeguard"),
        .product(name: "Training", package: "spikeguard"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("MemberImportVisibility"), .treatAllWarnings(as: .error),
      ]),
    .testTarget(
      name: "BenchmarkTests",
      dependencies: [
        "spikeguard-bench",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Torch", package: "spikeguard"),
        .product(name: "Layers", package: "spikeguard"),
        .product(name: "Spiking", package: "spikeguard"),
        .product(name: "Models", package: "spikeguard"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("MemberImportVisibility"), .treatAllWarnings(as: .error),
      ]),
  ],
  swiftLanguageModes: [.v6])
