using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>How much memory the waiting input of all processes together may take.</summary>
internal sealed class InputBudget
{
    /// <summary>Bytes.</summary>
    public const int Total = 4 * 1024 * 1024;

    private int _used;

    public bool TryTake(int size)
    {
        bool fits = _used + size <= Total;
        _used += fits ? size : 0;
        return fits;
    }

    public void Return(int size) => _used -= size;
}

/// <summary>
/// One process's input: puts what it is given into the pipe or the terminal as far as that has room, keeps a bounded
/// rest in order, and answers each request when its turn has come.
/// <code>
///   open ----- process reads no more (EPIPE) ---> broken --100 ms--> closed          request refused: InputClosed
///    |  '----- CloseInput -----------------------------------------> closed
///    '-------- process ended, from any of them --------------------> ended           request refused: UnknownProcess
/// </code>
/// Broken is there because a process's end is seen at its pipe before the kernel tells it.
/// </summary>
internal sealed class ProcessInput(EventLoop loop, int pid, Descriptor? descriptor, bool isTerminal, InputBudget budget)
{
    /// <summary>Requests that wait for one process.</summary>
    public const int MaxWaiting = 8;

    /// <summary>Bytes of data that wait for one process.</summary>
    public const int MaxWaitingBytes = 256 * 1024;

    /// <summary>How long a process whose input broke has to end before its input counts as closed, in milliseconds.</summary>
    private const long EndTime = 100;

    private readonly LinkedList<Piece> _waiting = new();
    private Descriptor? _descriptor = descriptor;
    private LoopTimer? _broken;
    private bool _closedByHost;
    private bool _ended;
    private bool _watched;

    /// <summary>Takes bytes, and answers once they are all in.</summary>
    /// <exception cref="AgentErrorException">The input is closed, or too much waits for the process already.</exception>
    public void Write(ReadOnlySpan<byte> data, Connection connection, uint stream)
    {
        RequireOpen();
        int written = _waiting.Count == 0 && _broken is null ? DescriptorCalls.TryWrite(_descriptor!, data) : 0;
        if (written == data.Length)
        {
            connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
            return;
        }

        Enqueue(data[Math.Max(written, 0)..].ToArray(), isEnd: false, connection, stream);
        Watch(written);
    }

    /// <summary>Ends the input, or types the end-of-file character, behind what waits; answers when that is done.</summary>
    /// <exception cref="AgentErrorException">The input was never open, the process has ended, or too much waits.</exception>
    public void Close(Connection connection, uint stream)
    {
        if (_closedByHost && !_ended)
        {
            connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
            return;
        }

        RequireOpen();
        Enqueue(isTerminal ? [PseudoTerminals.EndOfFile(_descriptor!)] : [], isEnd: !isTerminal, connection, stream);
        Pump();
    }

    /// <exception cref="AgentErrorException">There is no terminal, or the process has ended.</exception>
    public void Resize(WindowSize size)
    {
        RequireRunning();
        if (!isTerminal || _descriptor is null)
        {
            throw new AgentErrorException(AgentErrorCode.NoTerminal, $"process {pid} does not run on a terminal");
        }

        PseudoTerminals.SetSize(_descriptor, size.Columns, size.Rows);
        if (PseudoTerminals.ForegroundGroup(_descriptor) is null)
        {
            // gVisor neither tells the foreground group nor which it is. Who does not care ignores the signal (signal(7)).
            foreach (ProcessStat process in ProcessTree.Processes().Where(process => process.Session == pid))
            {
                Signals.Send(process.Pid, Signals.SIGWINCH);
            }
        }
    }

    /// <summary>The process has ended: nothing more goes in.</summary>
    public void End()
    {
        _ended = true;
        loop.Cancel(_broken);
        CloseDescriptor();
        RefuseAll(AgentErrorCode.UnknownProcess, $"process {pid} has ended");
    }

    private void RequireRunning()
    {
        if (_ended)
        {
            throw new AgentErrorException(AgentErrorCode.UnknownProcess, $"process {pid} has ended");
        }
    }

    private void RequireOpen()
    {
        RequireRunning();
        if (_descriptor is null)
        {
            throw new AgentErrorException(AgentErrorCode.InputClosed, $"the input of process {pid} is closed");
        }
    }

    private void Enqueue(byte[] data, bool isEnd, Connection connection, uint stream)
    {
        var piece = new Piece(data, isEnd);
        if (_waiting.Count >= MaxWaiting || _waiting.Sum(waiting => waiting.Data.Length) + data.Length > MaxWaitingBytes || !budget.TryTake(piece.Cost))
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, $"process {pid} does not read its input, and as much as can be kept waits for it");
        }

        try
        {
            piece.Reply = connection.Later(stream, () => Drop(piece));
            _waiting.AddLast(piece);
        }
        catch
        {
            budget.Return(piece.Cost);
            throw;
        }
    }

    private void Drop(Piece piece)
    {
        _waiting.Remove(piece);
        budget.Return(piece.Cost);

        // Not at once: a connection that ends drops all of its pieces, and none of them may go in where another is missing.
        loop.At(loop.Now, Pump);
    }

    private void Pump()
    {
        int written = 1;
        while (_broken is null && _descriptor is not null && _waiting.First?.Value is { } piece)
        {
            if (piece.IsEnd)
            {
                _closedByHost = true;
                CloseDescriptor();
            }
            else if ((written = WriteSome(piece.Rest)) > 0)
            {
                piece.Written += written;
            }

            if (!piece.Rest.IsEmpty)
            {
                break;
            }

            Finish(piece).Ok();
        }

        if (_closedByHost)
        {
            RefuseAll(AgentErrorCode.InputClosed, $"the input of process {pid} is closed");
        }

        Watch(written);
    }

    // A kernel may call a pipe writable that has room for less than a write that it will not split: gVisor does.
    private int WriteSome(ReadOnlySpan<byte> data)
    {
        int written = 0;
        for (int size = data.Length; written == 0 && size > 0; size /= 2)
        {
            written = DescriptorCalls.TryWrite(_descriptor!, data[..size]);
        }

        return written;
    }

    private void Watch(int written)
    {
        if (written < 0 && _broken is null)
        {
            _broken = loop.At(loop.Now + EndTime, () =>
            {
                CloseDescriptor();
                RefuseAll(AgentErrorCode.InputClosed, $"process {pid} has closed its input");
            });
        }

        bool wanted = _waiting.Count > 0 && _broken is null && _descriptor is not null;
        if (wanted != _watched)
        {
            _watched = wanted;
            if (wanted)
            {
                loop.Add(_descriptor!, EpollEvents.EPOLLOUT, _ => Pump());
            }
            else if (_descriptor is not null)
            {
                loop.Remove(_descriptor);
            }
        }
    }

    private void CloseDescriptor()
    {
        if (_descriptor is { } open)
        {
            if (_watched)
            {
                loop.Remove(open);
                _watched = false;
            }

            open.Dispose();
            _descriptor = null;
        }
    }

    private void RefuseAll(AgentErrorCode code, string message)
    {
        while (_waiting.First?.Value is { } piece)
        {
            Finish(piece).Refuse(code, message);
        }
    }

    private LateReply Finish(Piece piece)
    {
        _waiting.Remove(piece);
        budget.Return(piece.Cost);
        return piece.Reply!;
    }

    /// <summary>A request that waits: what of its bytes is not in yet, or the end of the input.</summary>
    private sealed class Piece(byte[] data, bool isEnd)
    {
        /// <summary>Bytes that a request takes besides its data.</summary>
        private const int Overhead = 256;

        public byte[] Data { get; } = data;

        public bool IsEnd { get; } = isEnd;

        public int Cost => Overhead + Data.Length;

        public int Written { get; set; }

        public ReadOnlySpan<byte> Rest => Data.AsSpan(Written);

        public LateReply? Reply { get; set; }
    }
}
