import Datasets
import Foundation

@testable import Experiments

/// Records as a quickstart leaves them, with numbers that are easy to recognise.
enum ReportSamples {
  static func results(_ networks: [NetworkResults]) throws -> QuickstartResults {
    QuickstartResults(
      spikeguard: "0.1.0", engine: "LibTorch 2.11.0", created: "2026-01-02T03:04:05Z",
      machine: Machine(
        processor: "Quiet Processor 9", instructions: "AVX2", threads: 2, system: "Debian 12"),
      networks: networks,
      testData: try facts("test", count: 10_000, crc32: "7e57da7a"), attackedImages: 1000,
      sweptImages: 250, seconds: 312.4)
  }

  /// A plain and a deflated network; PGD left them 12 and 104 of 1,000 images.
  static func pair() throws -> QuickstartResults {
    try results([
      network("plain", "Plain", clean: 8921, fgsm: 237, pgd: 12),
      network("dsd", "Deflated", deflation: .fast, clean: 8754, fgsm: 356, pgd: 104),
    ])
  }

  /// Networks with nothing but a clean accuracy.
  static func bare() throws -> QuickstartResults {
    try results([
      NetworkResults(
        name: "plain", title: "Plain", manifest: manifest(.none, seed: 0), trainingSeconds: 1,
        curve: [], clean: Score(correct: 9, total: 10), attacks: [], sweep: [], spectra: [],
        examples: [])
    ])
  }

  static func network(
    _ name: String, _ title: String, deflation: TrainingRecipe.Deflation = .none, seed: UInt64 = 7,
    clean: Int, fgsm: Int, pgd: Int
  ) throws -> NetworkResults {
    let decay = Double(pgd) / 1000
    return NetworkResults(
      name: name, title: title, manifest: try manifest(deflation, seed: seed),
      trainingSeconds: 95.25,
      curve: (1...40).map { index in
        let x = Double(index)
        return CurvePoint(
          step: 20 * index,
          loss: 2.3 / x.squareRoot() + 0.02 * (x * 7).truncatingRemainder(dividingBy: 5) + decay,
          accuracy: 0.9 - 0.7 / x - decay / 2, spikeRate: 0.12 + 0.1 / x)
      },
      clean: Score(correct: clean, total: 10_000),
      attacks: [
        AttackScore(
          attack: "FGSM", epsilon: 8.0 / 255, score: Score(correct: fgsm, total: 1000),
          seconds: 3.25),
        AttackScore(
          attack: "PGD-10", epsilon: 8.0 / 255, score: Score(correct: pgd, total: 1000),
          seconds: 31.5),
      ],
      sweep: [0, 1, 2, 4, 8, 16].map { steps in
        AttackScore(
          attack: "PGD-10", epsilon: Double(steps) / 255,
          score: Score(correct: 221 / (1 + steps * steps / (1 + pgd / 20)), total: 250),
          seconds: 2)
      },
      spectra: [("layer1.0.weight", 9), ("layer2.0.weight", 64), ("classifier.1.weight", 10)].map {
        let values = (1...$0.1).map { 0.5 * (1 + decay) / Double($0 * $0) }
        return LayerSpectrum(
          layer: $0.0, before: values, after: Array(values.dropFirst()) + [1e-12])
      },
      examples: [3, 11].map { example($0, strength: 4 + pgd % 5) })
  }

  static func manifest(_ deflation: TrainingRecipe.Deflation, seed: UInt64) throws -> RunManifest {
    var training = TrainingRecipe()
    training.deflation = deflation
    training.seed = seed
    return RunManifest(
      network: NetworkRecipe(), training: training,
      dataset: try facts("train", count: 60_000, crc32: "c0ffee42"))
  }

  private static func facts(_ split: String, count: Int, crc32: String) throws -> DatasetFacts {
    let json =
      #"{"name": "Fashion-MNIST", "split": "\#(split)", "count": \#(count), "crc32": "\#(crc32)"}"#
    return try JSONDecoder().decode(DatasetFacts.self, from: Data(json.utf8))
  }

  /// A grey 4 × 4 ramp whose every pixel the attack raised by `strength`.
  static func example(_ index: Int, strength: Int) -> ExampleImage {
    let clean = (0..<16).map { UInt8($0 * 12) }
    return ExampleImage(
      index: index, label: "Ankle boot", cleanPrediction: "Ankle boot",
      adversarialPrediction: "Sneaker", clean: clean,
      adversarial: clean.map { $0 + UInt8(strength) }, channels: 1, height: 4, width: 4)
  }
}

extension AttackScore {
  /// Of FGSM, or of PGD by its name, with seed 5.
  init(attack: String, epsilon: Double, score: Score, seconds: Double) {
    let settings: AttackRecipe =
      attack == "FGSM"
      ? .fgsm(epsilon: epsilon)
      : .pgd(
        epsilon: epsilon, stepSize: 2.0 / 255, steps: Int(attack.dropFirst(4))!, restarts: 1,
        randomStart: true)
    self.init(settings, seed: 5, score: score, seconds: seconds)
  }
}

/// The same network with one part replaced.
extension NetworkResults {
  func attacked(_ attacks: [AttackScore]) -> NetworkResults { copy(attacks: attacks) }
  func swept(_ sweep: [AttackScore]) -> NetworkResults { copy(sweep: sweep) }
  func spectra(_ spectra: [LayerSpectrum]) -> NetworkResults { copy(spectra: spectra) }
  func showing(_ examples: [ExampleImage]) -> NetworkResults { copy(examples: examples) }
  func with(_ manifest: RunManifest) -> NetworkResults { copy(manifest: manifest) }

  private func copy(
    manifest: RunManifest? = nil, attacks: [AttackScore]? = nil, sweep: [AttackScore]? = nil,
    spectra: [LayerSpectrum]? = nil, examples: [ExampleImage]? = nil
  ) -> NetworkResults {
    NetworkResults(
      name: name, title: title, manifest: manifest ?? self.manifest,
      trainingSeconds: trainingSeconds, curve: curve, clean: clean,
      attacks: attacks ?? self.attacks, sweep: sweep ?? self.sweep,
      spectra: spectra ?? self.spectra, examples: examples ?? self.examples)
  }
}
