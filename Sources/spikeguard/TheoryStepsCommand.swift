import ArgumentParser
import Datasets
import Experiments
import Foundation
import Spiking
import Training

struct TheoryStepsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steps",
    abstract: "Measures the largest eigenvalue of the loss's curvature against the time steps T.",
    discussion: """
      With a checkpoint, the same weights run again at other T, coding, units and temporal gradient. Without one, \
      networks are built from settings, from the same initial weights at each T and variant, and trained there \
      for --train-steps; 0 leaves the initial weights and gathers batch norm's statistics.

      For each: λ of largest magnitude, with its sign and residual, of J (the Jacobian of the surrogate gradient, \
      by products Jᵀv, as PyHessian's; its asymmetry is in the record) and of the Gauss–Newton matrix; the loss \
      and the spike rate. Then both claims on λ(T), T^a (Θ(T) is a = 1) and e^(bT), are fitted to log |λ|.

      Cost: without a checkpoint the defaults make 31 networks, each under two losses and two matrices; an eigenvalue \
      takes 3 to --maximum-products products, and a product is about as long as two training steps on --images \
      images at that T. A signal (Ctrl-C) ends it after the point at work, and what was measured is written. A point \
      that fails, as where training diverged, is written with its reason; the others go on, and the exit code is \
      1. Fits are on one seed and one set of images: their intervals say how far the points are from the law.

      The loss decides what growth means: 'summed', Σ_t L_t, is T times 'each-step', the mean over steps, and so \
      is each of its eigenvalues. What is left of Θ(T) under a mean is the network's.
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint that `spikeguard train` wrote, or the folder of its run; none for networks from settings.",
      valueName: "checkpoint"))
  var place: String?

  @OptionGroup(title: "Variants") var axes: StepsAxes
  @OptionGroup(title: "Network, without a checkpoint") var network: StepsNetworkSettings

  @Option(
    help: "Without a checkpoint: steps of the default training, at each T and variant. (default: 0)"
  )
  var trainSteps: Int?

  @Option(help: "Images in a step of training, or of the statistics' batches. (default: 128)")
  var trainBatchSize: Int?

  @Option(
    help: "Without training: batches that only move batch norm's statistics. (default: 30)")
  var calibrationBatches: Int?

  @OptionGroup var data: TestDataOptions

  @Option(help: "How many images: the first of the test set, all where it has fewer.")
  var images = 100

  @Option(help: "Images in a batch: memory holds the graph of one, at all T steps.")
  var batchSize = 50

  @Option(help: "Largest residual of an eigenvalue, relative to it.")
  var tolerance = 0.01

  @Option(help: "Products with a matrix until an eigenvalue is given up.")
  var maximumProducts = 100

  @Option(help: "Seed of weights, coding, training and the solver's start.")
  var seed: UInt64 = 0

  @Option(help: "Folder for steps.html and steps.json; earlier ones are replaced.")
  var out: String?

  @OptionGroup var record: RecordOptions

  func validate() throws {
    try CountCheck.atLeastOne([
      ("--batch-size", batchSize), ("--images", images), ("--maximum-products", maximumProducts),
      ("--train-batch-size", trainBatchSize ?? 1),
    ])
    for (option, value) in [
      ("--train-steps", trainSteps), ("--calibration-batches", calibrationBatches),
    ] {
      if let value, !(0...1_000_000).contains(value) {
        throw ValidationError("\(option): expected 0 to 1000000, found \(value)")
      }
    }
    guard tolerance > 0, tolerance < 1 else {
      throw ValidationError("--tolerance: expected above 0, below 1, found \(tolerance)")
    }
    _ = try axes.parsed()
    try [network as any SettingGroup].check()
    let training = [
      ("train-steps", trainSteps), ("train-batch-size", trainBatchSize),
      ("calibration-batches", calibrationBatches),
    ].filter { $0.1 != nil }.map(\.0)
    if place != nil, let option = (network.given.map(\.key) + training).first {
      throw ValidationError(
        "--\(option) is for networks that are built from settings; a checkpoint says itself what "
          + "network it is")
    }
    if let trainSteps, trainSteps > 0, calibrationBatches != nil {
      throw ValidationError(
        "--calibration-batches: expected no training, found --train-steps \(trainSteps), which moves the "
          + "statistics too; leave one out")
    }
  }

  func run() throws {
    Interruption.listen()
    let page = try PageOutput(out)
    let checkpoint = place.map { RunFolder.checkpoint(at: $0) }
    try OutputFile.check(
      [("--json", record.json)], inputs: [checkpoint, data.file])
    try page?.makeFolder()
    let dataset = try data.load(images: images)
    let source = try source(checkpoint, on: dataset)
    let axes = try axes.parsed()
    let training: ImageDataset? =
      if case .settings(_, let training) = source, training.steps + training.calibrationBatches > 0
      { try DataAccess.load(data.data, .train) } else { nil }
    var job = StepsJob(
      source, axes.variants(of: source), steps: axes.steps, losses: axes.losses, on: dataset,
      trainingData: training)
    job.batchSize = batchSize
    job.tolerance = tolerance
    job.maximumProducts = maximumProducts
    job.seed = seed

    let display = ProgressDisplay()
    display.begin("Measuring curvature on \(dataset.count) images")
    let results = try job.run(shouldStop: { Interruption.isWished }) {
      display.show($1, of: $2, text: $0)
    }
    let done = results.points.count + results.failures.count
    let isComplete = done == job.pointCount
    guard done > 0 else {
      display.note("stopped by a signal before the first point; nothing is written")
      throw Interruption.exit
    }
    display.finish((isComplete ? "" : "stopped by a signal after ") + "\(done) points")
    try record.write(results)
    try page?.write(results)
    print(StepsText(results).text)
    if !results.failures.isEmpty {
      display.note(
        "\(results.failures.count) of \(done) points failed; their reasons are in the notes")
    }
    if !isComplete { throw Interruption.exit }
    if !results.failures.isEmpty { throw ExitCode.failure }
  }

  private func source(_ checkpoint: String?, on dataset: ImageDataset) throws -> StepsSource {
    if let checkpoint {
      let loaded = try LoadedNetwork(checkpoint: checkpoint)
      let shape = dataset.shape
      try loaded.check((shape.channels, shape.height, shape.width), classes: dataset.classes)
      return .weights(loaded)
    }
    var settings = RunConfiguration()
    try network.apply(to: &settings)
    var training = StepsTraining()
    training.steps = trainSteps ?? 0
    training.calibrationBatches = training.steps > 0 ? 0 : calibrationBatches ?? 30
    training.recipe.batchSize = trainBatchSize ?? training.recipe.batchSize
    return .settings(try settings.network(for: dataset), training)
  }
}

/// What is varied.
struct StepsAxes: ParsableArguments {
  @Option(help: "Numbers of time steps T, separated by commas.")
  var steps = "1,2,4,8,16,32"

  @Option(help: "throughTime (BPTT) and withinStep (SLTT), separated by commas.")
  var temporalGradient = "throughTime,withinStep"

  @Option(
    help: "direct and rate, separated by commas. (default: a checkpoint's own, both without)")
  var coding: String?

  @Option(
    help: "spiking and relu, separated by commas. (default: a checkpoint's own, both without)")
  var activation: String?

  @Option(help: "Losses, separated by commas: mean-logits, each-step, summed.")
  var loss = "mean-logits,each-step"

  struct Parsed {
    let steps: [Int]
    let temporalGradients: [TemporalGradient]
    let codings: [NetworkRecipe.Coding]?
    let activations: [NetworkRecipe.Activation]?
    let losses: [MeasuredLoss]

    func variants(of source: StepsSource) -> [StepsVariant] {
      let own: NetworkRecipe? = if case .weights(let loaded) = source { loaded.recipe } else { nil }
      return StepsVariant.grid(
        activations: activations ?? own.map { [$0.activation] } ?? [.spiking, .relu],
        codings: codings ?? own.map { [$0.coding] } ?? [.direct, .rate],
        temporalGradients: temporalGradients)
    }
  }

  func parsed() throws(ValidationError) -> Parsed {
    Parsed(
      steps: try CommaList.integers(steps, option: "--steps", in: 1...1024),
      temporalGradients: try CommaList.choices(
        temporalGradient, option: "--temporal-gradient"),
      codings: try coding.map { (text) throws(ValidationError) in
        try CommaList.choices(text, option: "--coding")
      },
      activations: try activation.map { (text) throws(ValidationError) in
        try CommaList.choices(text, option: "--activation")
      },
      losses: try CommaList.choices(loss, option: "--loss"))
  }
}

/// The network, but for what is varied.
struct StepsNetworkSettings: SettingGroup {
  @OptionGroup var architecture: ArchitectureSettings
  @OptionGroup var dynamics: DynamicsSettings
}
