import Attacks
import Layers
import Spiking
import Torch
import Training

extension AuditJob {
  /// The network as the release calls it: every call starts from the membranes that the last one left, where the
  /// batch has the same size.
  func leakingClassifier() -> Classifier {
    let (network, encoder) = (loaded.network, loaded.recipe.encoder)
    let generator = Generator(seed: seed)
    var pass: ForwardPass?
    var size = 0
    return { images in
      if size != images.size(0) { pass = nil }
      size = images.size(0)
      var current =
        pass ?? ForwardPass(.evaluation, carryingMembranes: true, using: generator)
      let logits = network(encoder(images, &current), &current).mean(along: [0])
      pass = current
      return logits
    }
  }

  /// What the release's evaluation counts as misclassified when FGSM has ε = 0.
  func releasedEvaluation() -> @Sendable (LabeledImages) throws(AttackError) -> [Bool] {
    let (loaded, seed) = (loaded, seed)
    let attack = ReleasedAttack(
      .fgsm, epsilon: 0, parts: released,
      normalization: loaded.recipe.normalization ?? .identity(channels: loaded.recipe.channels))
    return { (batch) throws(AttackError) -> [Bool] in
      let logits = try attack.logits(
        batch.images, labels: batch.labels, of: loaded.network, encoder: loaded.recipe.encoder,
        using: Generator(seed: seed))
      return (.!(logits.argmax(along: 1) .== batch.labels)).scalars(of: Bool.self)
    }
  }
}
