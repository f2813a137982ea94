import Attacks
import Spiking
import Torch

/// How a layer of neurons treats the gradient of the cross-entropy, on the audit's first images.
public struct AuditedLayer: Codable, Sendable, Equatable {
  public let name: String
  /// Share of its input currents, over steps, images and neurons, whose gradient is exactly 0.
  public let zeroGradientShare: Double
  /// Share of its neurons that were silent in every step of every image.
  public let silentShare: Double
  /// Whether it never spikes or lets no gradient through for any image.
  public let isBlocked: Bool
}

extension AuditJob {
  /// Images that are followed layer by layer.
  static let followed = 64

  /// Where the gradient dies, layer by layer.
  func layerFlow(_ batch: LabeledImages) -> (layers: [AuditedLayer], flag: AuditFlag) {
    let count = min(batch.images.size(0), Self.followed)
    let flow = loaded.network.gradientFlow(
      loaded.recipe.encoder, images: batch.images[0..<count], labels: batch.labels[0..<count],
      using: Generator(seed: seed)
    ) { logits, labels in
      // The loss must not underflow: what is asked is what the layers do.
      (try? AttackLoss.margin(logits, labels).sum()) ?? logits.sum()
    }
    let layers = flow.layers.map {
      AuditedLayer(
        name: $0.name, zeroGradientShare: $0.zeroShare,
        silentShare: Double($0.silentNeurons) / Double($0.neurons),
        isBlocked: $0.neverSpikes || $0.examplesWithoutGradient == count)
    }
    let blocked = layers.filter(\.isBlocked).map(\.name)
    return (
      layers,
      AuditFlag(
        .blockedLayers, blocked.count, of: layers.count,
        detail: blocked.isEmpty ? "every layer passes some" : blocked.joined(separator: ", "))
    )
  }
}
