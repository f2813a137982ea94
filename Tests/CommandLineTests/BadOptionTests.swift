import ArgumentParser
import Datasets
import Experiments
import Testing
import Torch

@testable import spikeguard

/// Values that an option understands and that make no sense.
@Suite struct BadOptionTests {
  /// In this process: what `train` makes of its options before it reads or writes anything.
  @Test(arguments: training + networks)
  func `options that make no network or no training are named`(
    options: String, message: String
  ) throws {
    let data = try ImageDataset(
      Workplace.quarters, from: "memory", name: "data", split: .train)
    let arguments = ["train"] + options.split(separator: " ").map(String.init)
    let command = try #require(SpikeguardCommand.parseAsRoot(arguments) as? TrainCommand)
    let error = #expect(throws: (any Error).self) {
      let job = try command.settings().job(on: RunDatasets(training: data))
      _ = try job.network.build(seed: 0)
    }
    guard let error else { return }
    #expect(SpikeguardCommand.message(for: error) == message)
    #expect(SpikeguardCommand.exitCode(for: error) == .failure)
  }

  @Test(arguments: attacks + evaluations + audits + theory + curvatures)
  func `bad settings of an attack end with one sentence`(_ row: BadInput) throws {
    try row.check()
  }

  static let training = [
    ("--epochs 0", "--epochs: expected 1 to 1000000, found 0"),
    ("--batch-size 0", "--batch-size: expected at least 1, found 0"),
    ("--learning-rate=-0.1", "--learning-rate: expected above 0, at most 1000, found -0.1"),
    ("--learning-rate 1e39", "--learning-rate: expected above 0, at most 1000, found 1e+39"),
    ("--momentum 1", "--momentum: expected at least 0, below 1, found 1.0"),
    ("--weight-decay inf", "--weight-decay: expected 0 to 1000, found inf"),
    ("--mean-square-weight 2", "--mean-square-weight: expected 0 to 1, found 2.0"),
    ("--crop=-1", "--crop: expected 0 to 8, found -1"),
    ("--clip-norm inf", "--clip-norm: expected above 0, finite, found inf"),
    ("--curvature-every 0", "--curvature-every: expected at least 1, found 0"),
    ("--spectrum-every=-3", "--spectrum-every: expected at least 1, found -3"),
    (
      "--curvature-every 5 --curvature-images 0",
      "--curvature-images: expected at least 1, found 0"
    ),
    (
      "--curvature-images 100",
      "--curvature-images: expected --curvature-every beside it, found none; alone it would do nothing"
    ),
    ("--workers 1000", "--workers: expected 1 to 256, found 1000"),
    (
      "--decay step --decay-every 9223372036854775807",
      "--decay-every: expected 1 to 1000000 epochs, found 9223372036854775807"
    ),
    (
      "--foreign clean",
      "--foreign: expected another presentation than the base, or none, found clean"
    ),
    (
      "--foreign adversarial --foreign-batches 2",
      "--foreign-batches: expected at most the epoch's 1 batches, found 2"
    ),
    (
      "--regime adversarial --epsilon 0.5 --attack pgd --attack-steps 0",
      "--attack-steps: expected 1 to 10000, found 0"
    ),
    (
      "--epsilon 8/255",
      "--epsilon: expected --regime adversarial or --foreign adversarial beside it, found none; alone "
        + "it would do nothing"
    ),
    (
      "--regime adversarial --attack-steps 3",
      "--attack-steps: expected --attack pgd beside it, found none; alone it would do nothing"
    ),
    (
      "--foreign-place end",
      "--foreign-place: expected --foreign beside it, found none; alone it would do nothing"
    ),
    (
      "--beta2 0.9",
      "--beta2: expected --optimizer adamw beside it, found none; alone it would do nothing"
    ),
    (
      "--unrolling stepByStep",
      "--unrolling stepByStep: expected --temporal-gradient withinStep, found throughTime; a gradient "
        + "through time needs all steps in one graph"
    ),
    (
      "--unrolling stepByStep --temporal-gradient withinStep",
      "--unrolling stepByStep: expected --batch-statistics eachStep, found allSteps; statistics of all "
        + "steps need all steps at once"
    ),
  ]

  static let networks = [
    ("--time-steps 0", "time steps: expected 1 to 1024, found 0"),
    ("--classes 3", "--classes: expected at least 4, as many as data has, found 3"),
    ("--width 0", "width: expected above 0, at most 16, found 0.0"),
    ("--tau 0.5", "tau: expected at least 1, found 0.5"),
    ("--threshold nan", "threshold: expected above 0, found nan"),
    ("--surrogate-width 0", "surrogate width: expected above 0, found 0.0"),
    (
      "--model vgg11",
      "vgg11 halves the image 5 times and needs at least 32 × 32 pixels, found 8 × 8; use vgg5, or "
        + "pad the images"
    ),
    (
      "--model resnet18 --stem imagenet",
      "resnet18 with the imagenet stem halves the image 5 times and needs at least 32 × 32 pixels, "
        + "found 8 × 8; use the cifar stem, or pad the images"
    ),
    ("--stem cifar", "stem: expected none, because vgg5 has no choice, found cifar"),
    (
      "--model nf-resnet18 --head compact",
      "head: expected released, because nf-resnet18 ends in the mean over all positions, found "
        + "compact"
    ),
    (
      "--activation relu --tau 2",
      "neuron: expected its defaults, because with activation relu no neuron spikes, found other "
        + "settings"
    ),
    (
      "--mean 0.1,0.2 --deviation 1",
      "--mean: expected a number for each channel (1), separated by commas, found 0.1,0.2; --mean "
        + "and --deviation go together"
    ),
    (
      "--mean 0.1",
      "--deviation: expected a number for each channel (1), separated by commas, found nothing; "
        + "--mean and --deviation go together"
    ),
    ("--mean 0 --deviation 0", "--deviation: expected positive numbers, found [0.0]"),
  ]

  static let attacks: [BadInput] = [
    ("--steps 0", "steps: expected at least 1, found 0; 10 is usual"),
    (
      "--step-size 0",
      "step size: expected 0 < α ≤ 1, found 0.0; α is in pixel units of [0, 1]: write 2/255, not 2"
    ),
    (
      "--no-random-start --restarts 2",
      "restarts: expected 1 run, or more from random starts, found 2; from the image itself every run would be the same"
    ),
    (
      "--from nowhere",
      "nowhere: file: expected a file that can be read, found No such file or directory; check the "
        + "path and its permissions"
    ),
  ].map { BadInput("attack CHECKPOINT DATA --save-adversarial new " + $0, $1) }

  static let evaluations: [BadInput] = [
    (
      "--substitute nowhere",
      "nowhere: file: expected a file that can be read, found No such file or directory; check the "
        + "path and its permissions"
    ),
    ("--json run", "run: expected a file, found a folder; name a file"),
  ].map { BadInput("evaluate CHECKPOINT DATA --out new " + $0, $1) }

  static let audits: [BadInput] = [
    (
      "--substitute nowhere",
      "nowhere: file: expected a file that can be read, found No such file or directory; check the "
        + "path and its permissions"
    ),
    ("--json run", "run: expected a file, found a folder; name a file"),
  ].map { BadInput("audit CHECKPOINT DATA " + $0, $1) }

  static let theory: [BadInput] = [
    BadInput(
      "theory steps nowhere DATA",
      "nowhere: file: expected a file that can be read, found No such file or directory; check the "
        + "path and its permissions"),
    BadInput(
      "theory steps run DATA --json run", "run: expected a file, found a folder; name a file"),
    BadInput(
      "theory steps DATA --model vgg11 --steps 2",
      "vgg11 halves the image 5 times and needs at least 32 × 32 pixels, found 8 × 8; use vgg5, or "
        + "pad the images"),
    BadInput(
      "theory alignment CHECKPOINT DATA --json run",
      "run: expected a file, found a folder; name a file"),
  ]

  static let curvatures: [BadInput] = [
    BadInput(
      "curvature CHECKPOINT DATA --split train --batches 2 --batch-size 30",
      "--batches: expected 2 of --batch-size 30, found 40 images in data; ask for fewer or smaller ones"
    ),
    BadInput(
      "curvature CHECKPOINT DATA --split train --batches 1 --batch-size 8 --count 100000 "
        + "--max-products 100000",
      "--count: expected at most 6788, the number of parameters, found 100000"),
    BadInput(
      "curvature CHECKPOINT DATA --out new --json run",
      "run: expected a file, found a folder; name a file"),
    BadInput(
      "curvature CHECKPOINT --data tensors:bad.safetensors",
      "run/checkpoints/last.safetensors: the network knows 4 classes, the data have 5; name the data set "
        + "that the network was trained on"
    ) { try $0.writeBadData({ $0 }, { $0 + Tensor(1) }) },
  ]
}
