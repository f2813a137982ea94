import Foundation
import TestSupport
import Testing
import Torch

/// Data that cannot be used.
@Suite struct BadDataTests {
  @Test(arguments: idx + archives + pixels + names)
  func `bad data end with one sentence`(_ row: BadInput) throws { try row.check() }

  static let idxLine = "train --data mnist:idx --out new"
  static let idx: [BadInput] = [
    BadInput(
      idxLine,
      "DIR/idx/train-images-idx3-ubyte: expected 384 bytes for shape [6, 8, 8], found 383. "
        + "Fetch the file again; this copy is incomplete."
    ) { try $0.writeIDX("train-images-idx3-ubyte") { $0.dropLast() } },
    BadInput(
      idxLine,
      "DIR/idx/t10k-labels-idx1-ubyte: expected 6 bytes for shape [6], found more bytes after them. "
        + "Fetch the file again; header and content do not belong together."
    ) { try $0.writeIDX("t10k-labels-idx1-ubyte") { $0 + [1] } },
    BadInput(
      idxLine,
      "DIR/idx/train-images-idx3-ubyte: expected an IDX file, which starts with 00 00 08 03, found "
        + "one that starts with 3c 68 74 6d. Name the IDX file itself, plain or .gz, not an archive "
        + "or a saved web page."
    ) { try $0.writeIDX("train-images-idx3-ubyte") { _ in Data("<html>".utf8) } },
    BadInput(
      idxLine,
      "DIR/idx/train-labels-idx1-ubyte: expected labels from 0 to 9, found 10 at index 5. "
        + "Check that the file belongs to mnist."
    ) { try $0.writeIDX("train-labels-idx1-ubyte") { $0.dropLast() + [10] } },
    BadInput(
      idxLine,
      "mnist: expected test images like the training images (1x8x8, 10 classes), found 1x4x16, 10 "
        + "classes; take both from the same data set"
    ) {
      try $0.writeIDX("t10k-images-idx3-ubyte") { _ in
        idxContent(shape: [6, 4, 16], elements: Array(repeating: 7, count: 384))
      }
    },
  ]

  static let badLine = "train --data tensors:bad.safetensors --out new"
  static let archives: [BadInput] = [
    BadInput(
      badLine,
      "DIR/bad.safetensors: file: expected 10560 bytes of tensors after the header, found 10460; "
        + "the file is cut short: copy or download it again, or write the file again with "
        + "Safetensors.write or Python's safetensors.save_file"
    ) { try $0.write($0.contents("data.safetensors").dropLast(100), to: "bad.safetensors") },
    BadInput(
      badLine,
      "DIR/bad.safetensors: file: expected 10560 bytes of tensors after the header, found 10561; "
        + "write the file again with Safetensors.write or Python's safetensors.save_file"
    ) { try $0.write($0.contents("data.safetensors") + [0], to: "bad.safetensors") },
    BadInput(
      badLine,
      "DIR/bad.safetensors: header length: expected at most 12 bytes, found 2338616625293650208; "
        + "check that this is a whole safetensors file"
    ) { try $0.write(Data(" is not a safetensor".utf8), to: "bad.safetensors") },
    BadInput(
      badLine,
      "DIR/bad.safetensors: file: expected a file that can be read, found No such file or "
        + "directory; check the path and its permissions"),
    BadInput(
      badLine,
      "DIR/bad.safetensors: expected a tensor 'images' [N, C, H, W] of float32 with at least one "
        + "element, found start. Save the data under the names 'images' and 'labels'."
    ) { try $0.write(["start": Tensor([Float(1)])], to: "bad.safetensors") },
  ]

  static let pixels: [BadInput] = [
    BadInput(
      badLine,
      "DIR/bad.safetensors: expected pixels in [0, 1], found nan at images[0, 0, 0, 0]. Scale the "
        + "images to [0, 1]; normalisation is the network's first layer."
    ) { try $0.writeBadData({ $0 * .nan }) },
    BadInput(
      badLine,
      "DIR/bad.safetensors: expected pixels in [0, 1], found 2.0 at images[0, 0, 0, 0]. Scale the "
        + "images to [0, 1]; normalisation is the network's first layer."
    ) { try $0.writeBadData({ $0 * 0 + 2 }) },
    BadInput(
      badLine,
      "DIR/bad.safetensors: expected labels from 0 to 131071, found -1 at labels[0]. Number the "
        + "classes from 0."
    ) { try $0.writeBadData({ $0 }, { $0 - Tensor(1) }) },
    BadInput(
      badLine, "bad: expected square images, found 1x4x16; pad or crop them"
    ) { try $0.writeBadData({ $0.reshaped([40, 1, 4, 16]) }) },
    BadInput(
      "quickstart --data tensors:bad.safetensors --out new",
      "bad: expected square images, found 1x4x16; pad or crop them"
    ) { try $0.writeBadData({ $0.reshaped([40, 1, 4, 16]) }) },
  ]

  private static let forms =
    "expected one of fashion-mnist[:FOLDER], mnist[:FOLDER], cifar10[:FOLDER], cifar100[:FOLDER], "
    + "tensors:FILE, found "
  static let names: [BadInput] = [
    BadInput(
      "train --data fashion --out new",
      "data set 'fashion': \(forms)an unknown name. Write fashion-mnist if that is what you mean."),
    BadInput(
      "predict CHECKPOINT --data imagenet --out new",
      "data set 'imagenet': \(forms)an unknown name. Write one of these."),
    BadInput(
      "attack CHECKPOINT --data tensors",
      "data set 'tensors': \(forms)no file. Write tensors:FILE."),
    BadInput("attack CHECKPOINT DATA --limit 0", "--limit: expected at least 1 image, found 0"),
    BadInput(
      "quickstart DATA --train-limit 0 --out new",
      "--train-limit: expected at least 1 image, found 0"),
    BadInput(
      "quickstart DATA --test-limit=-3 --out new",
      "--test-limit: expected at least 1 image, found -3"),
    BadInput(
      "quickstart DATA --attacked 0 --out new", "--attacked: expected at least 1 image, found 0"),
    BadInput(
      "quickstart DATA --swept 0 --out new", "--swept: expected at least 1 image, found 0"),
  ]
}
