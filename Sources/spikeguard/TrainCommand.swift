import ArgumentParser
import Datasets
import Experiments
import Foundation
import Torch
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network, in a run that can be killed and resumed at any moment.",
    discussion: """
      Settings come from --config FILE (YAML, one `setting: value` a line, the names of the flags) and from \
      flags, which win. --print-config prints all of them.

      --out gets config.yaml, manifest.json, metrics.jsonl, TensorBoard's event file, results.json and \
      checkpoints/ with the last checkpoint, the one before it and the best epoch's: by accuracy on --validation \
      images, else by training loss; never by test images. `train --out FOLDER --resume` goes on from the last \
      checkpoint and ends with the same bits as a run that was never cut. What an earlier run left in --out is \
      not replaced unless --overwrite says so. SIGINT and SIGTERM save a checkpoint and end with code 130 and 143.
      """)

  @Option(help: "YAML file with settings; flags win over it.")
  var config: String?

  @Flag(help: "Print the complete configuration and do nothing else.")
  var printConfig = false

  @Option(help: "Folder of the run.")
  var out = "runs/train"

  @Flag(help: "Go on from the last checkpoint in --out, if there is one; its config.yaml is taken.")
  var resume = false

  @Flag(help: "Replace what an earlier run left in --out.")
  var overwrite = false

  @OptionGroup var record: RecordOptions
  @OptionGroup(title: "Data") var data: DataSettings
  @OptionGroup(title: "Network") var network: NetworkSettings
  @OptionGroup(title: "Neuron") var neuron: NeuronSettings
  @OptionGroup(title: "Regime") var regime: RegimeSettings
  @OptionGroup(title: "Optimisation") var optimization: OptimizationSettings
  @OptionGroup(title: "Running") var running: RunningSettings
  @OptionGroup(title: "Protocol") var protocolSettings: ProtocolSettings

  func validate() throws {
    guard !(resume && overwrite) else {
      throw ValidationError(
        "--resume goes on from what --overwrite would replace; give one of them")
    }
    try groups.check()
  }

  /// The protocol first: it is a bundle that single settings change.
  private var groups: [any SettingGroup] {
    [protocolSettings, data, network, neuron, regime, optimization, running]
  }

  /// Defaults, the file's settings on top of them, and flags on top of these.
  func settings() throws -> RunConfiguration {
    let earlier = RunFolder(existing: out).configuration
    let takesEarlier =
      config == nil && resume && FileManager.default.fileExists(atPath: earlier)
    var settings =
      try (takesEarlier ? earlier : config).map { try RunConfiguration(contentsOf: $0) }
      ?? RunConfiguration()
    for group in groups { try group.apply(to: &settings) }
    if resume, settings.training.threads == nil,
      FileManager.default.fileExists(atPath: earlier)
    {
      // What the run took by itself, it keeps.
      settings.training.threads = try RunConfiguration(contentsOf: earlier).training.threads
    }
    try settings.checkMeaning(of: groups.flatMap(\.given).map(\.key))
    return settings
  }

  func run() throws {
    let settings = try settings()
    if printConfig {
      print(settings.yaml, terminator: "")
      return
    }
    Interruption.listen()
    Self.explainMissingMemory(RunFolder(existing: out))
    let display = ProgressDisplay()
    display.begin("Reading \(settings.data.source)")
    let datasets = try settings.datasets()
    display.finish(
      "\(datasets.training.count) training and \(datasets.test?.count ?? 0) test images")
    let job = try settings.job(on: datasets)
    // A network that cannot be built leaves no folder.
    _ = try job.network.build(seed: 0)
    let folder = try outputFolder(inputs: settings)

    display.begin("Training")
    for warning in job.training.warnings { display.note("warning: \(warning)") }
    let show = TrainingDisplay(display, folder: folder)
    let outcome = try job.run(
      in: folder, resume ? .resume : overwrite ? .replace : .begin,
      shouldStop: { Interruption.isWished }
    ) { show($0) }
    guard outcome.isFinished else {
      display.finish(
        "stopped by a signal after \(show.stepsDone) steps; go on with "
          + "`spikeguard train --out \(out) --resume`")
      throw Interruption.exit
    }
    let fallbacks = outcome.deflationFallbacks.map { ", \($0) fallbacks to a full decomposition" }
    display.finish("checkpoint \(folder.checkpoints.path(.last))\(fallbacks ?? "")")
    show.showCost(
      outcome.manifest.session.measurements, trainingSeconds: outcome.seconds)
    try record.write(outcome.results)
    print(
      outcome.test.map { "clean accuracy \($0.cell)" }
        ?? "no test images: name them with --test-data to have the accuracy measured")
  }

  /// Memory can run out in any operation; what is on the disk is still good.
  private static func explainMissingMemory(_ folder: RunFolder) {
    Engine.onOutOfMemory = { error in
      let kept =
        folder.checkpoints.lastGood.map { "the last good checkpoint is \($0)" }
        ?? "there is no checkpoint yet"
      try? FileHandle.standardError.write(
        contentsOf: Data(
          """
          Error: memory ran out in \(error.operation) (\(error.message.prefix { $0 != "\n" })); \(kept). Free \
          memory and go on with --resume, or start anew with a smaller --batch-size, --time-steps or --width

          """.utf8))
      Foundation.exit(1)
    }
  }

  /// The folder, once it is known that nothing in it will be lost.
  private func outputFolder(inputs settings: RunConfiguration) throws -> RunFolder {
    let folder = try RunFolder(out)
    try OutputFile.check(
      [("results", folder.results), ("--json", record.json)],
      inputs: [
        config, settings.data.file, settings.data.testSource.flatMap { DataRecipe.file(of: $0) },
      ])
    return folder
  }
}
