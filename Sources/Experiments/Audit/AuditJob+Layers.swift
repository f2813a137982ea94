import Attacks
import Spiking
import Torch

/// How a layer of neurons treats the gradient of the margin, on the audit's first images that are classified correctly.
public struct AuditedLayer: Codable, Sendable, Equatable {
  public let name: String
  /// Input currents, of all images and neurons (and steps, where they differ), whose gradient is exactly 0. The interval takes
  /// them as independent, which those of one image are not.
  public let zeroGradients: BinomialInterval
  /// Images for which it passes on no gradient at all.
  public let imagesWithoutGradient: BinomialInterval
  /// Neurons that were silent in every step of every image.
  public let silentNeurons: BinomialInterval
  /// Whether it never spikes or lets no gradient through for any image.
  public let isBlocked: Bool

  init(_ layer: GradientFlow.Layer, images: Int) {
    name = layer.name
    zeroGradients = .wilson(
      successes: Int((layer.zeroShare * Double(layer.currents)).rounded()), trials: layer.currents)
    imagesWithoutGradient = .wilson(successes: layer.examplesWithoutGradient, trials: images)
    silentNeurons = .wilson(successes: layer.silentNeurons, trials: layer.neurons)
    isBlocked = layer.neverSpikes || layer.examplesWithoutGradient == images
  }
}

extension AuditJob {
  /// Images that are followed layer by layer.
  static let followed = 64

  /// Where the gradient dies, layer by layer.
  ///
  /// - Parameter correct: images that the network classifies correctly, not empty.
  func layerFlow(
    _ correct: LabeledImages
  ) throws(AttackError) -> (layers: [AuditedLayer], flag: AuditFlag) {
    try checkPreconditions(
      images: correct.images, labels: correct.labels, classes: loaded.recipe.classes)
    let count = min(correct.images.size(0), Self.followed)
    var failure: AttackError?
    let flow = loaded.network.gradientFlow(
      loaded.recipe.encoder, images: correct.images[0..<count],
      labels: correct.labels[0..<count], using: Generator(seed: seed)
    ) { logits, labels in
      // The loss must not underflow: what is asked is what the layers do.
      do throws(AttackError) {
        return try AttackLoss.margin(logits, labels).sum()
      } catch {
        failure = error
        return logits.sum()
      }
    }
    if let failure { throw failure }
    let layers = flow.layers.map { AuditedLayer($0, images: count) }
    let blocked = layers.filter(\.isBlocked).map(\.name)
    return (
      layers,
      AuditFlag(
        .blockedLayers, blocked.count, of: layers.count,
        detail: blocked.isEmpty ? "every layer passes some" : blocked.joined(separator: ", "))
    )
  }
}
