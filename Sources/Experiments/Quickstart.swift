import Attacks
import Datasets
import Foundation
import Layers
import Models
import Spiking
import Torch
import Training

/// The first thing a person runs: two networks, plain and deflated, trained, attacked and compared.
public struct Quickstart: Sendable {
  public var network: NetworkRecipe
  public var training: TrainingRecipe
  /// Where checkpoints, `results.json` and `report.html` go.
  public var folder: String
  public var data: String
  /// Keep only the first training images; nil for all.
  public var trainLimit: Int?
  /// Keep only the first test images for the clean score; nil for all.
  public var testLimit: Int?
  /// How many of the first test images the table's attacks work on.
  public var attackedImages = 1000
  /// How many of the first test images the ε sweep works on.
  public var sweptImages = 500
  public static let epsilon = 8.0 / 255
  public static let sweep = [1.0, 2, 4, 8, 16].map { $0 / 255 }

  public init(folder: String, data: String = "fashion-mnist") {
    self.folder = folder
    self.data = data
    network = NetworkRecipe()
    network.width = 0.25
    training = TrainingRecipe()
    training.epochs = 1
    training.batchSize = 64
    training.cropPadding = nil
  }

  /// Where the work stands, for whoever shows it.
  public enum Event {
    case began(String)
    case training(TrainingProgress)
    case counted(done: Int, of: Int)
    case finished(String)
  }

  public func run(report: (Event) throws -> Void) throws -> QuickstartResults {
    let start = ContinuousClock.now
    try checkCounts()
    try report(.began("Reading \(data)"))
    let (train, test) = try DataAccess.loadBoth(data, trainLimit: trainLimit, testLimit: testLimit)
    try report(.finished("\(train.count) training and \(test.count) test images"))
    try checkFolder()

    let networks = [
      try measure("plain", "Plain", .none, train, test, report),
      try measure("dsd", "Dominant singular deflation", .fast, train, test, report),
    ]
    let results = QuickstartResults(
      spikeguard: Spikeguard.version, engine: Engine.version,
      created: ISO8601DateFormatter().string(from: Date()), machine: .current, networks: networks,
      testData: DatasetFacts(test),
      attackedImages: min(attackedImages, test.count), sweptImages: min(sweptImages, test.count),
      seconds: start.duration(to: .now) / .seconds(1))
    try OutputFile.write(results.json(), to: folder + "/results.json")
    return results
  }

  private func measure(
    _ name: String, _ title: String, _ deflation: TrainingRecipe.Deflation, _ train: ImageDataset,
    _ test: ImageDataset, _ report: (Event) throws -> Void
  ) throws -> NetworkResults {
    var recipe = training
    recipe.deflation = deflation
    let shape = try network.fitted(to: train)
    try report(.began("\(title): training"))
    let job = try TrainingJob(
      network: shape, training: recipe, datasets: RunDatasets(training: train))
    let trained = try job.run(onEvent: { event in
      if case .progress(let progress) = event { try report(.training(progress)) }
    })
    let checkpoint = "\(folder)/\(name).safetensors"
    try Checkpoint(
      weights: trained.network.weights, optimizerState: trained.optimizerState,
      manifest: trained.manifest
    ).write(to: checkpoint)
    let last = trained.manifest.history.last
    try report(
      .finished("\(Int(last?.imagesPerSecond ?? 0)) images/s, checkpoint \(checkpoint)"))

    let classifier = trained.network.classifier(
      shape.encoder, using: Generator(seed: recipe.seed))
    try report(.began("\(title): \(test.count) clean test images"))
    var done = 0
    let correct = try countCorrect(classifier, on: test) {
      done = $0
      try report(.counted(done: done, of: test.count))
    }
    let clean = Score(correct: correct, total: test.count)
    try report(.finished("\(correct) of \(test.count) correct"))

    try report(.began("\(title): attacks"))
    let attacked = test.prefix(attackedImages)
    let table = try attack(classifier, attacked, Self.tableAttacks, recipe.seed, report)
    let sweep = try attack(
      classifier, test.prefix(sweptImages),
      Self.sweepAttacks,
      recipe.seed, report)
    try report(
      .finished(
        "FGSM and PGD-10 on \(attacked.count) images, sweep on \(min(sweptImages, test.count))"))

    let spectra = try GradientSpectra.measure(
      trained.network, shape, on: train.prefix(recipe.batchSize))
    return NetworkResults(
      name: name, title: title, manifest: trained.manifest, trainingSeconds: trained.seconds,
      clean: clean, attacks: table.result.scores(Self.tableAttacks),
      sweep: sweep.result.scores(Self.sweepAttacks), spectra: spectra,
      examples: examples(attacked, table.firstImages, table.result))
  }

  private static let tableAttacks: [AttackRecipe] = [
    .fgsm(epsilon: epsilon),
    .pgd(epsilon: epsilon, stepSize: 2.0 / 255, steps: 10, restarts: 1, randomStart: true),
  ]

  private static let sweepAttacks = sweep.map {
    AttackRecipe.pgd(epsilon: $0, stepSize: $0 / 4, steps: 10, restarts: 1, randomStart: true)
  }

  private func attack(
    _ classifier: @escaping Classifier, _ dataset: ImageDataset, _ attacks: [AttackRecipe],
    _ seed: UInt64, _ report: (Event) throws -> Void
  ) throws -> (result: RobustnessResult, firstImages: Tensor?) {
    var first: Tensor?
    let job = AttackJob(classifier, on: dataset, attacks: attacks, seed: seed)
    let result = try job.run(
      progress: { try? report(.counted(done: $0.images, of: dataset.count)) },
      visit: { if $0.attack == attacks.count - 1, $0.firstImage == 0 { first = $0.images } })
    return (result, first)
  }

  /// The first images that the network gets right, as they are and under the table's last attack.
  private func examples(
    _ dataset: ImageDataset, _ adversarial: Tensor?, _ result: RobustnessResult
  ) -> [ExampleImage] {
    guard let adversarial, let last = result.attacks.last else { return [] }
    let shown = (0..<adversarial.size(0)).filter {
      result.cleanPredictions[$0] == result.labels[$0]
    }.prefix(8)
    return shown.map { index in
      let bytes = { (image: Tensor) in
        (image * 255).scalars(of: Float.self).map { UInt8($0.rounded()) }
      }
      return ExampleImage(
        index: index, label: dataset.classNames[result.labels[index]],
        cleanPrediction: dataset.classNames[result.cleanPredictions[index]],
        adversarialPrediction: dataset.classNames[last.predictions[index]],
        clean: bytes(dataset.images(at: [index])[0]), adversarial: bytes(adversarial[index]),
        channels: dataset.shape.channels, height: dataset.shape.height, width: dataset.shape.width)
    }
  }
}
