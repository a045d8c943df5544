using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using static Atoll.Unit.Protocol.SampleMessages;

namespace Atoll.Unit.Protocol;

/// <summary>At least one of every message about files.</summary>
internal static class SampleFileMessages
{
    private static readonly PathOf Path = new("/home/user/ü", "user");

    public static IReadOnlyList<Sample> All { get; } =
    [
        Request("stat file", MessageType.StatFile),
        Request("make directory", MessageType.MakeDirectory),
        Request("remove file", MessageType.RemoveFile),
        new("file stat", MessageType.FileStat, Stat.Write, payload => FileStat.Read(payload).Write),
        new("file stat of a link", MessageType.FileStat, Link.Write, payload => FileStat.Read(payload).Write),
        new("list files", MessageType.ListFiles, new ListFiles(Path, 3, 9).Write, payload => ListFiles.Read(payload).Write),
        new("read file", MessageType.ReadFile, new ReadFile(Path, 1L << 40, -1, 9).Write, payload => ReadFile.Read(payload).Write),
        new("write file", MessageType.WriteFile, new WriteFile(Path, 0x1A4, null).Write, payload => WriteFile.Read(payload).Write),
        new("write file with metadata", MessageType.WriteFile, new WriteFile(Path, 0, Stat.Metadata).Write, payload => WriteFile.Read(payload).Write),
        new("move file", MessageType.MoveFile, new MoveFile(Path, new PathOf("~/x", "root")).Write, payload => MoveFile.Read(payload).Write),
        new("set file mode", MessageType.SetFileMode, new SetFileMode(Path, 0x1ED).Write, payload => SetFileMode.Read(payload).Write),
        new("set file owner", MessageType.SetFileOwner, new SetFileOwner(Path, "1000").Write, payload => SetFileOwner.Read(payload).Write),
        new("compose files", MessageType.ComposeFiles, new ComposeFiles(Path, [Path, new PathOf("a", "b")]).Write, payload => ComposeFiles.Read(payload).Write),
        new("watch files", MessageType.WatchFiles, new WatchFiles(Path, true, 9).Write, payload => WatchFiles.Read(payload).Write),
        new("watching", MessageType.Watching, (writer, stream) => Bare.Write(writer, MessageType.Watching, stream), RewriteWatching),
    ];

    private static FileStat Stat => new()
    {
        Path = "/home/user/ü",
        Size = 1L << 41,
        Mode = 0x1A4,
        Owner = "user",
        Group = "1000",
        ModifiedNanoseconds = 1_700_000_000_123_456_789,
        Metadata = new Dictionary<string, string> { ["a"] = "1", ["b"] = "" },
    };

    private static FileStat Link => new() { Path = "/l", Kind = WireFileKind.SymbolicLink, LinkTarget = "../t" };

    private static Sample Request(string name, MessageType type) => new(
        name, type, (writer, stream) => new PathRequest(Path).Write(writer, type, stream),
        payload =>
        {
            PathRequest read = PathRequest.Read(payload);
            return (writer, stream) => read.Write(writer, type, stream);
        });

    private static Action<MessageWriter, uint> RewriteWatching(byte[] payload)
    {
        Bare.Read(payload);
        return (writer, stream) => Bare.Write(writer, MessageType.Watching, stream);
    }
}
