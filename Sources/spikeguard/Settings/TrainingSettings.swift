import ArgumentParser

/// Which images a training run sees, and how they are changed on the way.
struct DataSettings: SettingGroup {
  @Option(
    help: .setting(
      "data",
      "Data set, as `spikeguard data list` names them; tensors:FILE is safetensors with `images` "
        + "[N, C, H, W] float32 in [0, 1] and `labels` [N] int64."))
  var data: String?

  @Option(help: .setting("limit", "Keep only the first training images."))
  var limit: String?

  @Option(
    help: .setting(
      "validation",
      "Training images that are held out, drawn by the seed, to choose the best epoch by."))
  var validation: String?

  @Option(help: .setting("crop", "Zero padding of the random crop; 'none' or 0 for no crop."))
  var crop: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: .setting("flip", "Flip images at random."))
  var flip: Bool?
}

/// How weights move.
struct OptimizationSettings: SettingGroup {
  @Option(help: .setting("epochs", "Passes over the training set."))
  var epochs: String?

  @Option(help: .setting("batch-size", "Images in a step."))
  var batchSize: String?

  @Option(help: .setting("deflation", "Dominant singular deflation; 'svd' decomposes fully."))
  var deflation: String?

  @Option(help: .setting("learning-rate", "Learning rate at the start."))
  var learningRate: String?

  @Option(help: .setting("momentum", "Momentum."))
  var momentum: String?

  @Option(help: .setting("weight-decay", "Weight decay, added to the gradient after deflation."))
  var weightDecay: String?

  @Option(
    help: .setting(
      "mean-square-weight", "Weight of the objective's all-ones term; the release uses 0.05."))
  var meanSquareWeight: String?

  @Option(help: .setting("seed", "Seed of weights, order, augmentation, attacks and coding."))
  var seed: String?
}

/// How the run is carried out; nothing here changes what it computes.
struct RunningSettings: SettingGroup {
  @Option(
    help: .setting(
      "checkpoint-every", "Steps between checkpoints within an epoch; 'epoch' for its end only."))
  var checkpointEvery: String?

  @Option(
    help: .setting(
      "evaluate-every", "Epochs between evaluations on the test set; 'end' for the end only."))
  var evaluateEvery: String?

  @Option(help: .setting("workers", "Threads that prepare batches."))
  var workers: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: .setting("monitor", "Watch for a collapse of the training."))
  var monitor: Bool?
}
