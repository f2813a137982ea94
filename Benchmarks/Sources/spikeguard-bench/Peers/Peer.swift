/// A framework that Spikeguard is measured against, at a pinned version.
struct Peer: Sendable, Equatable {
  let name: String
  /// Its distribution, and the version that counts.
  let package: String
  let version: String
  /// Of Benchmarks/peers.
  let script: String
  /// The folder of .deps/peers/beside that goes first on PYTHONPATH; nil where the environment itself has it.
  let folder: String?
  /// How it is made to compute the same network.
  let expression: String

  static let spikingJelly = Peer(
    name: "SpikingJelly 0.0.0.0.14", package: "spikingjelly", version: "0.0.0.0.14",
    script: "spikingjelly_step.py", folder: nil,
    expression: "its multi-step layers and LIFNode, torch backend")

  static let spikingJelly2 = Peer(
    name: "SpikingJelly 2.0.0", package: "spikingjelly", version: "2.0.0",
    script: "spikingjelly_step.py", folder: "spikingjelly-2",
    expression: """
      its multi-step layers and LIFNode, with the kernels that it chooses by itself: in float32 others than in float64
      """)

  static let snnTorch = Peer(
    name: "snnTorch 1.0.0", package: "snntorch", version: "1.0.0", script: "snntorch_step.py",
    folder: "snntorch",
    expression: """
      its Leaky cell with reset "none" and a triangle as spike_grad, the threshold subtracted outside (its own resets \
      compute something else), between PyTorch's layers with time folded into the batch
      """)

  static let norse = Peer(
    name: "Norse 1.1.0", package: "norse", version: "1.1.0", script: "norse_step.py",
    folder: "norse",
    expression: """
      its LIFBoxCell with dt 1, reset_subtract and its triangle, between PyTorch's layers with time folded into the \
      batch; batch norm multiplies by τ, by which the cell divides
      """)

  /// The release's own loop. It computes another gradient than the others.
  static let released = Peer(
    name: "released loop, full SVD", package: "spikingjelly", version: "0.0.0.0.14",
    script: "released_step.py", folder: nil,
    expression: """
      SpikingJelly 0.0.0.0.14 in single-step mode: batch norm by each step's statistics, no gradient across steps, \
      0.95 cross-entropy + 0.05 (logit − 1)², torch.linalg.svd of every weight's gradient
      """)

  static let frameworks = [spikingJelly, spikingJelly2, snnTorch, norse]
  static let attackable = [spikingJelly, spikingJelly2]
}

/// How a peer is run; results are the same.
struct Variant: Sendable, Equatable {
  let layout: String
  /// By the C library's settings that ``Engine/keepFreedMemory()`` makes on our side.
  let keepsMemory: Bool

  var name: String { layout + (keepsMemory ? ", memory kept" : "") }

  static let all = Sides.layouts.flatMap { layout in
    [false, true].map { Variant(layout: layout, keepsMemory: $0) }
  }

  static func keepingMemory(_ layout: String) -> Variant {
    Variant(layout: layout, keepsMemory: true)
  }
}

/// The peer that answers is not the one that is pinned.
struct WrongPeer: Error, CustomStringConvertible {
  let peer: Peer
  let found: String?

  var description: String {
    "expected \(peer.package) \(peer.version), found \(found ?? "none"); run scripts/peers/setup (SpikingJelly 2.0.0 "
      + "needs Python 3.11)"
  }
}
