import Training

/// What kind of batch a trained network is shown once.
public enum DriftKind: String, Codable, Sendable, CaseIterable {
  case clean
  /// FGSM of the given ε, in pixels, done right.
  case adversarial
  /// FGSM of the same number on normalised images, which are then clamped to [0, 1] as the release does.
  case normalizedClamp = "normalized-clamp"
  case inverted
  case uniformNoise = "uniform-noise"
  case gaussianNoise = "gaussian-noise"

  /// - Parameter epsilon: of the attacks: in pixels; under ``normalizedClamp`` in units of the deviation.
  func exposure(epsilon: Double, noiseDeviation: Double) -> ExposureRecipe {
    let bases: [DriftKind: ExposureRecipe.Kind] = [
      .clean: .clean, .adversarial: .adversarial, .normalizedClamp: .adversarial,
      .inverted: .inverted, .uniformNoise: .uniformNoise, .gaussianNoise: .gaussianNoise,
    ]
    var recipe = ExposureRecipe(bases[self]!)
    recipe.attack.epsilon = epsilon
    recipe.noiseDeviation = noiseDeviation
    if self == .normalizedClamp { recipe.released = [.normalizedClamp] }
    return recipe
  }

  /// Whether a run whose batches were shown so knows this kind.
  func isNative(to exposure: ExposureRecipe) -> Bool {
    let own = self.exposure(epsilon: exposure.attack.epsilon, noiseDeviation: 0)
    return own.base == exposure.base
      && (own.base != .adversarial || own.released == exposure.released)
  }
}
