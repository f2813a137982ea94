import Foundation

extension PublishedDataset {
  /// Every data set that can be fetched by name.
  ///
  /// Sizes and digests are the publishers' own, or those that the field's loaders pin. MD5 is all that some
  /// of them give.
  public static let all = [fashionMNIST, mnist, cifar10, cifar100]

  public static let fashionMNIST = PublishedDataset(
    name: IDXCollection.fashionMNIST.name, title: "Fashion-MNIST",
    credit: "Xiao, Rasul and Vollgraf 2017, Zalando Research",
    shape: .init(channels: 1, height: 28, width: 28), classes: 10, trainCount: 60_000,
    testCount: 10_000,
    address: URL(string: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")!,
    packing: .files,
    files: [
      idx(
        "train-images-idx3-ubyte.gz", 26_421_880, md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        content: "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
      idx(
        "train-labels-idx1-ubyte.gz", 29_515, md5: "25c81989df183df01b3e8a0aad5dffbe",
        sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        content: "9018921c3c673c538a1fc5bad174d6f9"),
      idx(
        "t10k-images-idx3-ubyte.gz", 4_422_102, md5: "bef4ecab320f06d8554ea6380940ec79",
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        content: "8181f5470baa50b63fa0f6fddb340f0a"),
      idx(
        "t10k-labels-idx1-ubyte.gz", 5_148, md5: "bb300cfdad3c16e7a12a480ee83cd310",
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        content: "15d484375f8d13e6eb1aabb0c3f46965"),
    ])

  public static let mnist = PublishedDataset(
    name: IDXCollection.mnist.name, title: "MNIST", credit: "LeCun, Cortes and Burges 1998",
    shape: .init(channels: 1, height: 28, width: 28), classes: 10, trainCount: 60_000,
    testCount: 10_000, address: URL(string: "https://ossci-datasets.s3.amazonaws.com/mnist/")!,
    packing: .files,
    files: [
      idx(
        "train-images-idx3-ubyte.gz", 9_912_422, md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        content: "6bbc9ace898e44ae57da46a324031adb"),
      idx(
        "train-labels-idx1-ubyte.gz", 28_881, md5: "d53e105ee54ea40749a09fcbcd1e9432",
        sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        content: "a25bea736e30d166cdddb491f175f624"),
      idx(
        "t10k-images-idx3-ubyte.gz", 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3",
        sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        content: "2646ac647ad5339dbf082846283269ea"),
      idx(
        "t10k-labels-idx1-ubyte.gz", 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c",
        sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        content: "27ae3e4e09519cfbb04c329615203637"),
    ])

  public static let cifar10 = PublishedDataset(
    name: CIFARCollection.cifar10.name, title: "CIFAR-10 (binary version)",
    credit: "Krizhevsky 2009", shape: CIFARLayout.shape, classes: 10, trainCount: 50_000,
    testCount: 10_000, address: URL(string: "https://www.cs.toronto.edu/~kriz/")!,
    packing: .archive(
      File(
        "cifar-10-binary.tar.gz", byteCount: 170_052_171,
        digests: [
          .known(.sha256, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
          .known(.md5, "c32a1d4ab5d03f1284b67883e8d87530"),
        ])),
    files: [
      batch("data_batch_1", md5: "5dd7e06a14cb22eb9f671a540d1b7c25"),
      batch("data_batch_2", md5: "5ea93a67294ea407fff1d09f752e9692"),
      batch("data_batch_3", md5: "942cd6a4bcdd0dd3c604fbe906cb4421"),
      batch("data_batch_4", md5: "ae636b3ba5c66a11e91e8cb52e771fcb"),
      batch("data_batch_5", md5: "53f37980c15c3d472c316c40844f3f0d"),
      batch("test_batch", md5: "803d5f7f4d78ea53de84dbe85f74fb6d"),
      File("cifar-10-batches-bin/batches.meta.txt"),
    ])

  public static let cifar100 = PublishedDataset(
    name: CIFARCollection.cifar100.name, title: "CIFAR-100 (binary version, fine classes)",
    credit: "Krizhevsky 2009", shape: CIFARLayout.shape, classes: 100, trainCount: 50_000,
    testCount: 10_000, address: URL(string: "https://www.cs.toronto.edu/~kriz/")!,
    packing: .archive(
      File(
        "cifar-100-binary.tar.gz", byteCount: 168_513_733,
        digests: [.known(.md5, "03b5dce01913d631647c71ecec9e9cb8")])),
    files: [
      File(
        "cifar-100-binary/train.bin", byteCount: 153_700_000,
        digests: [.known(.md5, "6172c7755cfe09b2fe270c85cebc1b15")]),
      File(
        "cifar-100-binary/test.bin", byteCount: 30_740_000,
        digests: [.known(.md5, "4499cfba6c016c1be1438163640a0898")]),
      File("cifar-100-binary/fine_label_names.txt"),
      File("cifar-100-binary/coarse_label_names.txt"),
    ])

  private static func batch(_ name: String, md5: String) -> File {
    File(
      "cifar-10-batches-bin/\(name).bin", byteCount: 30_730_000, digests: [.known(.md5, md5)])
  }

  private static func idx(
    _ name: String, _ byteCount: Int, md5: String, sha256: String, content: String
  ) -> File {
    File(
      name, byteCount: byteCount, digests: [.known(.sha256, sha256), .known(.md5, md5)],
      contentDigest: .known(.md5, content))
  }
}

extension Digest {
  /// One that is written in the source.
  fileprivate static func known(_ algorithm: Algorithm, _ text: String) -> Digest {
    guard let digest = Digest(algorithm, text) else {
      preconditionFailure("'\(text)' is no \(algorithm.rawValue)")
    }
    return digest
  }
}
