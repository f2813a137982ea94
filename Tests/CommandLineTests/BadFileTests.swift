import Experiments
import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

/// Checkpoints, weights, starting points and places for results that do not do.
@Suite struct BadFileTests {
  @Test(arguments: checkpoints + weights + starts + substitutes + outputs + resuming)
  func `bad files end with one sentence`(_ row: BadInput) throws { try row.check() }

  static let checkpoints: [BadInput] = [
    BadInput(
      "attack --checkpoint bare.safetensors DATA",
      "bare.safetensors: expected a checkpoint with a manifest, found bare weights; use --weights "
        + "with --model, --classes and --head instead"
    ) { try $0.write($0.tensors("run/checkpoints/last.safetensors"), to: "bare.safetensors") },
    BadInput(
      "predict --checkpoint . DATA --out new",
      "./checkpoints/last.safetensors: file: expected a file that can be read, found No such file or "
        + "directory; check the path and its permissions"),
    BadInput(
      "attack CHECKPOINT --data tensors:bad.safetensors",
      "run/checkpoints/last.safetensors: expected images of 1 × 8 × 8, found 1 × 16 × 16; name the data "
        + "set that the network was trained on"
    ) { try $0.writeBadData({ $0.tiled([1, 1, 2, 2]) }) },
    BadInput(
      "attack CHECKPOINT --data tensors:bad.safetensors",
      "run/checkpoints/last.safetensors: the network knows 4 classes, the data have 5; name the data set "
        + "that the network was trained on"
    ) { try $0.writeBadData({ $0 }, { $0 + Tensor(1) }) },
    BadInput(
      "attack --checkpoint other.safetensors DATA",
      "other.safetensors: the weights belong to another network: missing 'layer1.0.weight'; name "
        + "the model, head, width and classes that they were made for"
    ) { place in
      var checkpoint = try Checkpoint<RunManifest>(
        contentsOf: place.path("run/checkpoints/last.safetensors"))
      checkpoint.weights = checkpoint.weights.filter { $0 != "layer1.0.weight" }
      try checkpoint.write(to: place.path("other.safetensors"))
    },
    BadInput(
      "attack --checkpoint other.safetensors DATA",
      "other.safetensors: the manifest cannot be read (an unknown value for 'network.model'); it "
        + "was written by another version, or changed since: use the file's weights with --weights"
    ) { place in
      var file = try Safetensors.read(from: place.path("run/checkpoints/last.safetensors"))
      let manifest = file.metadata["manifest"]!.replacing("vgg5", with: "vgg6")
      file.metadata["manifest"] = manifest
      file.metadata["sha256"] = Checkpoint<RunManifest>.digest(
        of: file.tensors, manifest: manifest)
      try Safetensors.write(
        file.tensors, metadata: file.metadata, to: place.path("other.safetensors"))
    },
  ]

  private static let bare = "attack --weights bare.safetensors DATA --width 0.125 --time-steps 3"
  private static func weights(
    _ change: @escaping @Sendable (inout NamedTensors) -> Void
  ) -> @Sendable (Workplace) throws -> Void {
    { place in
      var tensors = try place.tensors("run/checkpoints/last.safetensors")
      change(&tensors)
      try place.write(tensors, to: "bare.safetensors")
    }
  }

  static let weights: [BadInput] = [
    BadInput(
      bare,
      "bare.safetensors: the weights belong to another network: missing 'layer2.5.running_var'; not "
        + "in this network 'extra'; name the model, head, width and classes that they were made for",
      prepare: weights {
        $0["layer2.5.running_var"] = nil
        $0["extra"] = Tensor([Float(1)])
      }),
    BadInput(
      "attack --weights bare.safetensors DATA --head compact --width 0.125",
      "bare.safetensors: 'classifier.1.weight': expected shape [4, 16], found [4, 784]; name the "
        + "width, channels, head and classes that the weights were made for",
      prepare: weights { _ in }),
    BadInput(
      bare,
      "bare.safetensors: 'classifier.1.bias' holds infinite or NaN numbers; use a checkpoint from "
        + "before training diverged",
      prepare: weights { $0["classifier.1.bias"] = Tensor([Float.nan, 0, 0, 0]) }),
  ]

  private static func start(
    _ name: String, _ points: Tensor
  ) -> @Sendable (Workplace) throws -> Void {
    { try $0.write([name: points], to: "start.safetensors") }
  }
  private static let starting =
    "attack CHECKPOINT DATA --save-adversarial new --start start.safetensors"
  static let starts: [BadInput] = [
    BadInput(
      starting,
      "start.safetensors: expected a tensor 'start' [N, C, H, W], found 'adversarial'",
      prepare: start("adversarial", .zeros([40, 1, 8, 8]))),
    BadInput(
      starting,
      "starting points: expected one for each of the 40 images of 1x8x8, found shape [4, 1, 8, 8]",
      prepare: start("start", .zeros([4, 1, 8, 8]))),
    BadInput(
      starting,
      "starting points: expected finite pixels in [0, 1] within L∞ 8/255 of the images, found of 40 "
        + "points 0 not finite, 40 outside [0, 1], 40 outside the ball; give the points themselves, "
        + "not the perturbations, in the images' order",
      prepare: start("start", .full(-1, shape: [40, 1, 8, 8]))),
    BadInput(
      starting + " --attack fgsm", "starting points are for PGD; FGSM has none",
      prepare: start("start", .zeros([40, 1, 8, 8]))),
  ]

  static let substitutes: [BadInput] = [
    BadInput(
      "attack CHECKPOINT DATA --from twin.safetensors --json twin.safetensors",
      "twin.safetensors: expected another file for --json, found the input; name a file of its own"
    ) { try $0.write($0.contents("run/checkpoints/last.safetensors"), to: "twin.safetensors") }
  ]

  private static let predict = "predict CHECKPOINT DATA --out "
  static let outputs: [BadInput] = [
    BadInput(
      "train DATA --out data.safetensors",
      "data.safetensors: expected a folder, or a place for one, found the file "
        + "DIR/data.safetensors; name another folder"),
    BadInput(
      "train DATA --out data.safetensors/new",
      "data.safetensors/new: expected a folder, or a place for one, found the file "
        + "DIR/data.safetensors; name another folder"),
    BadInput(
      "quickstart DATA --out data.safetensors",
      "data.safetensors: expected a folder, or a place for one, found the file "
        + "DIR/data.safetensors; name another folder"),
    BadInput(
      predict + "no/new",
      "no/new: expected a folder that can be written to, found no folder DIR/no; make it, or name "
        + "another file"),
    BadInput(predict + "run", "run: expected a file, found a folder; name a file"),
    BadInput(
      predict + "/dev/null", "/dev/null: expected a file, found a device or pipe; name a file"),
    BadInput(
      predict + "run/../data.safetensors",
      "run/../data.safetensors: expected another file for --out, found the input; name a file of "
        + "its own"),
    BadInput(
      predict + "new --json new",
      "new: expected another file for --json, found the output of --out; name a file of its own"),
    BadInput(
      "gradients CHECKPOINT DATA --out run/checkpoints/last.safetensors",
      "run/checkpoints/last.safetensors: expected another file for --out, found the input; name a "
        + "file of its own"),
    BadInput(
      "deflate data.safetensors data.safetensors",
      "data.safetensors: expected another file for OUTPUT, found the input; name a file of its own"),
    BadInput(
      "attack CHECKPOINT DATA --json no/new",
      "no/new: expected a folder that can be written to, found no folder DIR/no; make it, or name "
        + "another file"),
  ]

  static let resuming: [BadInput] = [
    BadInput(
      Workplace.training.replacing("--seed 3", with: "--seed 4 --tau 2") + " --out run --resume",
      "run/checkpoints/last.safetensors: expected a checkpoint of the same options and data, found "
        + "network.neuron.tau: 1.1, not 2, training.seed: 3, not 4; give the options that it was "
        + "started with, or another --out"),
    // With another seed, the checkpoint before it is no help either.
    BadInput(
      Workplace.training + " --out run --resume",
      "run/checkpoints/last.safetensors: file: expected 8 bytes or more, found 3; the file is cut "
        + "short: copy or download it again"
    ) {
      for name in ["last", "previous"] {
        try $0.write(Data("cut".utf8), to: "run/checkpoints/\(name).safetensors")
      }
    },
  ]
}
