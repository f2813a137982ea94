import Torch

/// Whether a peer's training step is ours.
///
/// Logits and gradients are compared in float64. In float32 the two sides round differently, which flips a few
/// of the millions of spikes, and every layer amplifies that; of the float32 run, which is timed, the loss is compared,
/// and the gradients where the logits show that no spike differs.
final class StepAgreement {
  private let sides: Sides
  /// The first of the batch are compared.
  private let images: Int
  /// Options of our worker, as of ``Sides/ours(_:deflation:returningMemory:recipe:)``.
  private let deflation: String
  private let recipe: [String]
  /// Of gradients, relative.
  private let tolerance: Double
  private var ours: [NamedTensors]?

  init(
    sides: Sides, images: Int, deflation: String = "none", recipe: [String] = [],
    tolerance: Double = 1e-9
  ) {
    self.sides = sides
    self.images = images
    self.deflation = deflation
    self.recipe = recipe
    self.tolerance = tolerance
  }

  func check(_ peer: Peer, _ variant: Variant) throws -> [Agreement] {
    let own = try ours ?? results(of: sides.ours(deflation: deflation, recipe: recipe))
    ours = own
    let other = try results(of: sides.start(peer, variant))
    let name = "\(peer.name), \(variant.layout)"
    let compared = own[0]["logits"]!.size(1)
    let gradients = deflation == "none" ? "gradients" : "deflated gradients"
    func difference(_ precision: Int) -> Double {
      own[precision].gradients.largestRelativeDifference(from: other[precision].gradients)
    }
    var agreements = [
      try Agreement(
        "logits in float64, with \(name)",
        error: own[0]["logits"]!.largestDifference(from: other[0]["logits"]!), tolerance: 1e-9),
      try Agreement(
        "\(gradients) in float64, relative, with \(name)", error: difference(0),
        tolerance: tolerance),
      try Agreement(
        "loss of \(compared) images in float32, with \(name)",
        error: abs(own[1]["loss"]!.item() - other[1]["loss"]!.item()),
        // A flipped spike changes an image's whole loss; the mean over images varies by so much.
        tolerance: 0.5 / Double(compared).squareRoot()),
    ]
    let spikes = own[1]["logits"]!.largestDifference(from: other[1]["logits"]!)
    agreements.append(
      spikes < 1e-4
        ? try Agreement(
          "\(gradients) in float32, relative, with \(name)", error: difference(1), tolerance: 2e-2)
        : try Agreement(
          "logits in float32, with \(name), where a spike differs, so that gradients are not compared",
          error: spikes, tolerance: .infinity))
    return agreements
  }

  /// In float64 and in float32.
  private func results(of worker: Worker) throws -> [NamedTensors] {
    try ["float64", "float32"].map {
      let out = sides.path("gradients.safetensors")
      _ = try worker.ask(WorkerRequest(run: "gradients", out: out, dtype: $0, images: images))
      return try Safetensors.read(from: out).tensors
    }
  }
}

extension NamedTensors {
  fileprivate var gradients: NamedTensors { filter { $0.hasPrefix("grad.") } }
}
