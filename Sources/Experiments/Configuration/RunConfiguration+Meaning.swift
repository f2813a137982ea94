import Datasets
import Training

extension RunConfiguration {
  /// Refuses flags that would do nothing: what was asked for may not silently never happen.
  ///
  /// - Parameter flags: the settings that were named on the command line; a file may name all.
  /// - Throws: ``UsageError`` that says what would give the flag a meaning.
  public func checkMeaning(of flags: [String]) throws(UsageError) {
    let shown = [training.exposure.base, training.exposure.foreign]
    let rules: [(keys: [String], hasMeaning: Bool, remedy: String)] = [
      (
        ["attack", "epsilon", "step-size", "attack-steps"], shown.contains(.adversarial),
        "--regime adversarial or --foreign adversarial"
      ),
      (
        ["step-size", "attack-steps"], training.exposure.attack.method == .pgd, "--attack pgd"
      ),
      (["noise-deviation"], shown.contains(.gaussianNoise), "--regime gaussian-noise"),
      (
        ["foreign-batches", "foreign-place", "foreign-cadence", "foreign-from-epoch"],
        training.exposure.foreign != nil, "--foreign"
      ),
      (["decay-every", "decay-factor"], training.decay == .step, "--decay step"),
      (["decay-unit"], training.decay == .cosine, "--decay cosine"),
      (["beta2"], training.method == .adamw, "--optimizer adamw"),
      (["sharpness-neighborhood"], training.sharpnessRadius != nil, "--sharpness"),
      (["curvature-images"], running.curvatureEvery != nil, "--curvature-every"),
    ]
    for rule in rules where !rule.hasMeaning {
      guard let flag = flags.first(where: rule.keys.contains) else { continue }
      throw UsageError(
        "--\(flag): expected \(rule.remedy) beside it, found none; alone it would do nothing")
    }
  }
}
