import ArgumentParser
import Datasets
import Experiments
import Foundation
import Torch

struct TheoryAlignmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alignment",
    abstract: "Measures how much the gradients of the time steps point the same way.",
    discussion: """
      A weight's gradient is a sum over the steps at which the weight is used, G = Σ g[t]; g[t] holds every path \
      from the layer's output at step t to the loss, later steps included. The theory has direct coding repeat \
      one direction at every step. By layer, in evaluation mode, means over batches: \
      the mean cosine of two steps (1 the same direction, 0 none in common); \
      the coherence ‖Σ g[t]‖² / (T Σ ‖g[t]‖²) (1 all equal, 1/T orthogonal); \
      the largest share of Σ ‖g[t]‖² along one direction; the share of ‖G‖² along its best matrix of rank one, \
      u₁v₁ᵀ, which deflation removes; and the cosine of each g[t] with it.

      The same cosine is taken of what arrives at each image. Weights trained under one coding mean nothing under \
      another: compare networks that were each trained under its own.

      A signal (Ctrl-C) ends it after the batch at work, and the means over the batches before are written.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions

  @OptionGroup var data: TestDataOptions

  @Option(help: "How many images: the first of the test set, all where it has fewer.")
  var images = 200

  @Option(help: "Images in a batch; each batch has gradients of its own.")
  var batchSize = 50

  @Option(help: "Loss: mean-logits, each-step (the mean over steps) or summed (the sum over them).")
  var loss = MeasuredLoss.eachStep

  @Option(help: "Seed of a stochastic coding.")
  var seed: UInt64 = 0

  @Option(help: "Folder for alignment.html and alignment.json; earlier ones are replaced.")
  var out: String?

  @OptionGroup var record: RecordOptions

  func validate() throws {
    try CountCheck.atLeastOne([("--batch-size", batchSize), ("--images", images)])
  }

  func run() throws {
    Interruption.listen()
    let page = try PageOutput(out)
    try OutputFile.check(
      [("--json", record.json)], inputs: source.files + [data.file])
    try page?.makeFolder()
    let dataset = try data.load(images: images)
    var job = AlignmentJob(try source.load(for: dataset), on: dataset)
    job.loss = loss
    job.batchSize = batchSize
    job.seed = seed

    let display = ProgressDisplay()
    display.begin("Differentiating by time step, \(dataset.count) images")
    guard
      let results = try job.run(
        shouldStop: { Interruption.isWished }, progress: { display.show($0, of: $1) })
    else {
      display.note("stopped by a signal before the first batch; nothing is written")
      throw Interruption.exit
    }
    display.finish(
      (results.isComplete ? "" : "stopped by a signal after \(results.imagesMeasured) images, ")
        + "\(results.layers.count) layers")
    try record.write(results)
    try page?.write(results)
    print(Self.text(results))
    if !results.isComplete { throw Interruption.exit }
  }

  private static func text(_ results: AlignmentResults) -> String {
    var table = TextTable(AlignmentResults.header)
    for layer in results.layers { table.add(layer.cells) }
    return ([table.text, ""] + results.sentences.map { "  · \($0)." }).joined(separator: "\n")
  }
}
