import Foundation
import Testing
import Torch

@testable import Datasets

@Suite struct DatasetSourceTests {
  @Test("Every form is read, and written again as it was")
  func forms() throws {
    let folder = URL(fileURLWithPath: "/data/my:set")
    let table: [(String, DatasetSource)] = [
      ("fashion-mnist", .collection(.fashionMNIST, folder: nil)),
      ("mnist", .collection(.mnist, folder: nil)),
      ("mnist:/data/my:set", .collection(.mnist, folder: folder)),
      ("cifar10", .cifar(.cifar10, folder: nil)),
      ("cifar100:/data/my:set", .cifar(.cifar100, folder: folder)),
      ("tensors:/data/my:set", .tensors(folder)),
    ]
    for (text, source) in table {
      #expect(try DatasetSource(text) == source)
      #expect(source.description == text)
    }
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect(try DatasetSource("mnist:~/x").description == "mnist:\(home)/x")
  }

  @Test(
    "What is not a data set says what is, and what may have been meant",
    arguments: [
      ("fashon-mnist", "an unknown name. Write fashion-mnist if that is what you mean."),
      ("Fashion", "an unknown name. Write fashion-mnist if that is what you mean."),
      ("MNIST", "an unknown name. Write mnist if that is what you mean."),
      ("tensor:f", "an unknown name. Write tensors if that is what you mean."),
      ("cifar", "an unknown name. Write cifar10 if that is what you mean."),
      ("CIFAR-100", "an unknown name. Write cifar100 if that is what you mean."),
      ("imagenet", "an unknown name. Write one of these."),
      ("my.safetensors", "an unknown name. Write tensors:my.safetensors."),
      ("", "an unknown name. Write one of these."),
      ("tensors", "no file. Write tensors:FILE."),
      ("tensors:", "nothing after the colon. Name the path."),
      ("mnist:", "nothing after the colon. Name the path."),
    ])
  func misspelt(text: String, found: String) {
    let forms =
      "fashion-mnist[:FOLDER], mnist[:FOLDER], cifar10[:FOLDER], cifar100[:FOLDER], tensors:FILE"
    #expect(
      errorText { _ = try DatasetSource(text) }
        == "data set '\(text)': expected one of \(forms), found \(found)")
  }

  @Test("Tensors are read by the function that is given, from the file that is named")
  func tensors() throws {
    let source = try DatasetSource("tensors:/data/cats.safetensors")
    let data = try source.load(.test) { url in
      #expect(url.path == "/data/cats.safetensors")
      return ["images": .ones([1, 3, 2, 2]), "labels": Tensor([1])]
    }
    #expect((data.name, data.split, data.count, data.classes) == ("cats", .test, 1, 2))
  }

  @Test("A named folder reaches the search")
  func folder() throws {
    let source = try DatasetSource("fashion-mnist:/no/such/folder")
    let text = errorText { _ = try source.load(.train) { _ in [:] } }
    #expect(text.contains("found no folder /no/such/folder. Run spikeguard data fetch"))
    #expect(!text.contains("/usr/share"))
  }

  @Test(
    "Edit distance: the textbook's, and its symmetric twin",
    arguments: [
      ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2),
      ("ab", "ba", 2),
    ])
  func editDistance(a: String, b: String, distance: Int) {
    #expect(a.editDistance(to: b) == distance)
    #expect(b.editDistance(to: a) == distance)
  }
}
