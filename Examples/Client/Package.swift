// swift-tools-version: 6.2
import PackageDescription

// By version tag: .package(url: "…", from: "0.1.0"), and `swift build --toolset .deps/toolset.json`.
let package = Package(
  name: "Client",
  dependencies: [.package(name: "spikeguard", path: "../..")],
  targets: [
    .executableTarget(
      name: "Client", dependencies: [.product(name: "Torch", package: "spikeguard")])
  ]
)
