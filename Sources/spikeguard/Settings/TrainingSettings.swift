import ArgumentParser

/// Which images a training run sees, and how they are changed on the way.
struct DataSettings: SettingGroup {
  @Option(
    help: .setting(
      "data",
      "Data set, as `spikeguard data list` names them; tensors:FILE is safetensors with `images` "
        + "[N, C, H, W] float32 in [0, 1] and `labels` [N] int64."))
  var data: String?

  @Option(
    help: .setting(
      "test-data",
      "Where test images are from, as --data; 'auto' is the same data set's own, which a tensors "
        + "file has not."))
  var testData: String?

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
    help: .setting(
      "cutout", "Erase a random rectangle of half of the images, as the release does it."))
  var cutout: Bool?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: .setting("flip", "Flip images at random."))
  var flip: Bool?
}

/// How weights move. A gradient is deflated, clipped, and then handed to the optimiser.
struct OptimizationSettings: SettingGroup {
  @Option(help: .setting("epochs", "Passes over the training set."))
  var epochs: String?

  @Option(help: .setting("batch-size", "Images in a step."))
  var batchSize: String?

  @Option(
    help: .setting(
      "mean-square-weight", "Weight of the objective's all-ones term; the release uses 0.05."))
  var meanSquareWeight: String?

  @Option(
    help: .setting(
      "batch-statistics", "Batch norm over all time steps together, or step by step as the release."
    ))
  var batchStatistics: String?

  @Option(
    help: .setting(
      "unrolling",
      "One graph over all steps, or step by step with memory independent of T, which needs 'withinStep' and 'eachStep'."
    ))
  var unrolling: String?

  @Option(
    help: .setting(
      "sharpness", "Radius of sharpness-aware minimisation, which takes two passes a step."))
  var sharpness: String?

  @Option(help: .setting("sharpness-neighborhood", "'ball' is SAM, 'scaled' is ASAM."))
  var sharpnessNeighborhood: String?

  @Option(help: .setting("deflation", "Dominant singular deflation; 'svd' decomposes fully."))
  var deflation: String?

  @Option(help: .setting("clip-norm", "Largest norm of all gradients together, after deflation."))
  var clipNorm: String?

  @Option(help: .setting("optimizer", "Optimiser."))
  var optimizer: String?

  @Option(help: .setting("momentum", "Momentum of SGD, first beta of AdamW."))
  var momentum: String?

  @Option(help: .setting("beta2", "Second beta of AdamW."))
  var beta2: String?

  @Option(
    help: .setting(
      "weight-decay", "Weight decay: added to the gradient after deflation; decoupled in AdamW."))
  var weightDecay: String?

  @Option(help: .setting("learning-rate", "Learning rate at the start, or after the warm-up."))
  var learningRate: String?

  @Option(help: .setting("decay", "How the learning rate falls."))
  var decay: String?

  @Option(
    help: .setting(
      "decay-unit", "Whether a cosine falls at every step or at every epoch, as the release's."))
  var decayUnit: String?

  @Option(help: .setting("decay-every", "Epochs between the falls of 'step'."))
  var decayEvery: String?

  @Option(help: .setting("decay-factor", "What 'step' multiplies the rate by."))
  var decayFactor: String?

  @Option(
    help: .setting("warmup-epochs", "Epochs in which the learning rate rises linearly first."))
  var warmupEpochs: String?

  @Option(help: .setting("seed", "Seed of weights, order, augmentation, attacks and coding."))
  var seed: String?

  @Option(
    help: .setting(
      "threads", "Threads of the engine. Their number is part of the recipe: sums depend on it."))
  var threads: String?
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

  @Option(
    help: .setting(
      "curvature-every",
      "Measure the loss's largest Hessian eigenvalue every so many steps; 'none' for never. A reading takes up to 60 Hessian-vector products, each as long as about two training steps on as many images; what it took is shown and logged."
    ))
  var curvatureEvery: String?

  @Option(
    help: .setting(
      "curvature-images",
      "Training images to measure it on: always the first, as they are, in evaluation mode."))
  var curvatureImages: String?

  @Option(
    help: .setting(
      "spectrum-every",
      "Measure the leading singular value's share of each layer's gradient every so many steps; 'none' for never. It decomposes every gradient once; what it took is shown."
    ))
  var spectrumEvery: String?
}
