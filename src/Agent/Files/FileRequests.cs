using Atoll.Agent.Channels;
using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>What the agent does for each message about files: the table of requests.</summary>
internal sealed class FileRequests(EventLoop loop)
{
    private readonly FileWorkers _workers = new(loop);
    private readonly GuestPaths _paths = new(new GuestUsers());

    /// <returns>False for a message that is not about files.</returns>
    public bool TryServe(Connection connection, Message message)
    {
        ReadOnlySpan<byte> payload = message.Payload;
        var operations = new FileOperations(_paths);
        switch (message.Type)
        {
            case MessageType.StatFile:
                PathOf looked = PathRequest.Read(payload).Path;
                Call(connection, message.Stream, _ => operations.Stat(looked));
                return true;
            case MessageType.MakeDirectory:
                PathOf made = PathRequest.Read(payload).Path;
                Call(connection, message.Stream, _ => operations.MakeDirectory(made));
                return true;
            case MessageType.RemoveFile:
                PathOf removed = PathRequest.Read(payload).Path;
                Call(connection, message.Stream, isGivenUp => Remove(removed, isGivenUp));
                return true;
            case MessageType.MoveFile:
                MoveFile move = MoveFile.Read(payload);
                Call(connection, message.Stream, isGivenUp => operations.Move(move, isGivenUp));
                return true;
            case MessageType.SetFileMode:
                SetFileMode mode = SetFileMode.Read(payload);
                Call(connection, message.Stream, _ => operations.SetMode(mode));
                return true;
            case MessageType.SetFileOwner:
                SetFileOwner owner = SetFileOwner.Read(payload);
                Call(connection, message.Stream, _ => operations.SetOwner(owner));
                return true;
            case MessageType.ComposeFiles:
                ComposeFiles compose = ComposeFiles.Read(payload);
                Call(connection, message.Stream, isGivenUp => operations.Compose(compose, isGivenUp));
                return true;
            default:
                return TryStream(connection, message);
        }
    }

    private bool TryStream(Connection connection, Message message)
    {
        switch (message.Type)
        {
            case MessageType.ReadFile:
                var read = new ReadChannel(connection, message.Stream, _workers, _paths, ReadFile.Read(message.Payload));
                Open(connection, read);
                read.Start();
                return true;
            case MessageType.WriteFile:
                var write = new WriteChannel(connection, message.Stream, _workers, _paths, WriteFile.Read(message.Payload));
                Open(connection, write);
                write.Start();
                return true;
            case MessageType.ListFiles:
                var list = new ListChannel(connection, message.Stream, _workers, _paths, ListFiles.Read(message.Payload));
                Open(connection, list);
                list.Start();
                return true;
            case MessageType.WatchFiles:
                var watch = new WatchChannel(connection, message.Stream, loop, _workers, _paths, WatchFiles.Read(message.Payload));
                Open(connection, watch);
                watch.Start();
                return true;
            default:
                return false;
        }
    }

    private FileStat? Remove(PathOf path, Func<bool> isGivenUp)
    {
        if (path.Path.Length == 0)
        {
            throw FileErrors.Invalid("an empty path is the home directory, which is not removed by saying nothing");
        }

        TreeRemoval.Remove(_paths.Resolve(path), isGivenUp);
        return null;
    }

    private void Call(Connection connection, uint stream, Func<Func<bool>, FileStat?> work)
    {
        var call = new FileCall(connection, stream, _workers);
        Open(connection, call);
        call.Start(work);
    }

    private static void Open(Connection connection, ByteChannel channel)
    {
        connection.RequireUnused(channel.Stream);
        connection.Channels.Add(channel);
    }
}
