import Datasets
import Testing
import Torch

/// Tensors that are no data set, and the text that says so.
struct BadTensors: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let tensors: NamedTensors
  var classes: Int?
  let text: String

  static let images = Tensor.full(0.5, shape: [2, 1, 2, 3])
  static let labels = Tensor([0, 1])

  static func changing(_ index: Int, to value: Float) -> Tensor {
    var values = images.scalars(of: Float.self)
    values[index] = value
    return Tensor(values, shape: images.shape)
  }

  static let all = [
    BadTensors(
      testDescription: "nothing", tensors: [:],
      text: "expected a tensor 'images' [N, C, H, W] of float32 with at least one element, "
        + "found no tensors. Save the data under the names 'images' and 'labels'."),
    BadTensors(
      testDescription: "other names", tensors: ["x": images, "labels": labels],
      text: "expected a tensor 'images' [N, C, H, W] of float32 with at least one element, "
        + "found x, labels. Save the data under the names 'images' and 'labels'."),
    BadTensors(
      testDescription: "bytes", tensors: ["images": Tensor([UInt8(1)], shape: [1, 1, 1, 1])],
      text: "expected a tensor 'images' [N, C, H, W] of float32 with at least one element, "
        + "found 'images' [1, 1, 1, 1] of uint8. Save it as [N, C, H, W] of float32."),
    BadTensors(
      testDescription: "rank 3",
      tensors: ["images": images.selecting(0, along: 1), "labels": labels],
      text: "expected a tensor 'images' [N, C, H, W] of float32 with at least one element, "
        + "found 'images' [2, 2, 3] of float32. Save it as [N, C, H, W] of float32."),
    BadTensors(
      testDescription: "no images", tensors: ["images": .zeros([0, 1, 2, 3]), "labels": labels],
      text: "expected a tensor 'images' [N, C, H, W] of float32 with at least one element, "
        + "found 'images' [0, 1, 2, 3] of float32. Save it as [N, C, H, W] of float32."),
    BadTensors(
      testDescription: "labels of 32 bits",
      tensors: ["images": images, "labels": Tensor([Int32(0), 1])],
      text: "expected a tensor 'labels' [N] of int64 with at least one element, "
        + "found 'labels' [2] of int32. Save it as [N] of int64."),
    BadTensors(
      testDescription: "one-hot labels",
      tensors: ["images": images, "labels": Tensor.zeros([2, 10], dtype: .int64)],
      text: "expected a tensor 'labels' [N] of int64 with at least one element, "
        + "found 'labels' [2, 10] of int64. Save it as [N] of int64."),
    BadTensors(
      testDescription: "too few labels", tensors: ["images": images, "labels": Tensor([1])],
      text: "expected as many labels as images, found 2 images and 1 labels. "
        + "Write both tensors from the same samples."),
    BadTensors(
      testDescription: "NaN", tensors: ["images": changing(10, to: .nan), "labels": labels],
      text: "expected pixels in [0, 1], found nan at images[1, 0, 1, 1]. "
        + "Scale the images to [0, 1]; normalisation is the network's first layer."),
    BadTensors(
      testDescription: "just above 1",
      tensors: ["images": changing(5, to: Float(1).nextUp), "labels": labels],
      text: "expected pixels in [0, 1], found 1.0000001 at images[0, 0, 1, 2]. "
        + "Scale the images to [0, 1]; normalisation is the network's first layer."),
    BadTensors(
      testDescription: "below 0", tensors: ["images": changing(6, to: -0.5), "labels": labels],
      text: "expected pixels in [0, 1], found -0.5 at images[1, 0, 0, 0]. "
        + "Scale the images to [0, 1]; normalisation is the network's first layer."),
    BadTensors(
      testDescription: "negative label", tensors: ["images": images, "labels": Tensor([0, -1])],
      text: "expected labels from 0 to 131071, found -1 at labels[1]. Number the classes from 0."),
    BadTensors(
      testDescription: "label beyond the classes given",
      tensors: ["images": images, "labels": Tensor([3, 4])], classes: 4,
      text: "expected labels from 0 to 3, found 4 at labels[1]. Number the classes from 0."),
    BadTensors(
      testDescription: "a label that would make 2^40 class names",
      tensors: ["images": images, "labels": Tensor([0, 1 << 40])],
      text: "expected labels from 0 to 131071, found 1099511627776 at labels[1]. "
        + "Number the classes from 0."),
  ]
}

@Suite struct TensorDatasetTests {
  @Test("Bad tensors are refused with path, expected, found and remedy", arguments: BadTensors.all)
  func table(bad: BadTensors) {
    let text = errorText {
      _ = try ImageDataset(
        bad.tensors, from: "f.safetensors", name: "f", split: .test, classes: bad.classes)
    }
    #expect(text == "f.safetensors: " + bad.text)
  }

  @Test("Pixels and labels come out as they went in; 0 and 1 are allowed; classes are max + 1")
  func roundTrip() throws {
    let values = (0..<24).map { Float($0) / 23 }
    let images = Tensor(values, shape: [2, 3, 2, 2])
    let data = try ImageDataset(
      ["images": images, "labels": Tensor([4, 2]), "adversarial": images], from: "f", name: "f",
      split: .test)
    #expect(data.images(at: 0..<2).isIdentical(to: images))
    #expect(data.labels == [4, 2])
    #expect(data.classNames == ["0", "1", "2", "3", "4"])
    #expect(data.shape == .init(channels: 3, height: 2, width: 2))
  }

  @Test("A view whose memory is not row-major is read in row-major order")
  func strided() throws {
    let images = Tensor((0..<24).map { Float($0) / 23 }, shape: [2, 3, 2, 2])
    let view = images.transposed(2, 3)
    let data = try ImageDataset(
      ["images": view, "labels": Tensor([0, 0])], from: "f", name: "f", split: .test, classes: 7)
    #expect(data.images(at: 0..<2).isIdentical(to: view.contiguous()))
    #expect(data.classes == 7)
  }
}
