using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>
/// One process that the host started: reads its pipes or its terminal into its ring, sends the ring to followers, and knows its end.
/// <code>
///   pipes --read--> ring --pump--> followers            paused: ring full of what must be kept, pipes not read
///   exit ----> pipes drained, or 1 s later ----> Ended  (a child that still holds the pipes is let go)
/// </code>
/// </summary>
internal sealed class GuestProcess
{
    /// <summary>How long after its exit a process's pipes are read while a child of it holds them, in milliseconds.</summary>
    private const long DrainTime = 1000;

    /// <summary>How long after a kill it is repeated, in milliseconds.</summary>
    private const long SecondKill = 200;

    /// <summary>Room that is made in a full ring before reading on.</summary>
    private const int ReadSize = 4 * 1024;

    private readonly EventLoop _loop;
    private readonly byte[] _scratch;
    private readonly Action<GuestProcess> _onEnded;
    private readonly OutputPipe[] _pipes;
    private readonly BackPressure _pressure;
    private readonly List<Follower> _followers = [];
    private readonly LoopTimer? _lifetime;
    private readonly RunMark _mark;
    private LoopTimer? _resume;
    private Exited? _exit;
    private bool _paused;
    private bool _finalDrain;

    public GuestProcess(
        EventLoop loop, byte[] scratch, Action<GuestProcess> onEnded, ProcessEntry entry, StartProcess request, RunMark mark,
        ProcessStreams streams, InputBudget inputBudget)
    {
        (_loop, _scratch, _onEnded, Entry, _mark) = (loop, scratch, onEnded, entry, mark);
        Ring = new OutputRing(request.OutputCapacity);
        _pressure = new BackPressure(loop.Now);
        Input = new ProcessInput(loop, entry.Pid, streams.Input, entry.HasTerminal, inputBudget);
        _pipes = [.. streams.Outputs.Select(output => new OutputPipe(loop, output.Descriptor, output.Kind, Read))];
        foreach (OutputPipe pipe in _pipes)
        {
            pipe.Watch();
        }

        if (request.LifetimeMilliseconds > 0)
        {
            _lifetime = loop.At(loop.Now + request.LifetimeMilliseconds, () => Kill());
        }
    }

    /// <summary>As it was started.</summary>
    public ProcessEntry Entry { get; }

    public int Pid => Entry.Pid;

    public OutputRing Ring { get; }

    public ProcessInput Input { get; }

    public bool IsFollowed => _followers.Count > 0;

    /// <summary>How it ended; null while it runs or its pipes are still being drained.</summary>
    public Exited? Ended { get; private set; }

    public Follower Attach(Connection connection, uint stream, Attach request)
    {
        FollowerProgress progress = _pressure.Attach(request.FromSequence, _loop.Now);
        var follower = new Follower(this, connection, stream, request.FromSequence, request.Credit, progress);
        _followers.Add(follower);
        return follower;
    }

    public void Detach(Follower follower)
    {
        _followers.Remove(follower);
        _pressure.Detach(follower.Progress);
        Resume();
    }

    public void Consume(Follower follower, Credit credit)
    {
        _pressure.Consume(follower.Progress, Math.Min(credit.ConsumedTo, follower.Sequence), _loop.Now);
        follower.AddCredit(credit.Amount);
        Resume();
        Pump(follower);
    }

    public void Pump(Follower follower)
    {
        if (follower.Pump())
        {
            follower.Connection.Forget(follower);
            _followers.Remove(follower);
            _pressure.Detach(follower.Progress);
        }
    }

    /// <summary>Kills it with all that it started, also what it left behind when it ended.</summary>
    /// <returns>False when nothing of it is left.</returns>
    public bool Kill()
    {
        // Once more for what was between two programs, when it had no environment to be known by.
        _loop.At(_loop.Now + SecondKill, () => KillTree());
        return KillTree();
    }

    /// <summary>It has ended by itself or was killed: what it leaves behind is no longer held to its lifetime.</summary>
    public void OnExit(ChildExit exit)
    {
        _exit = new Exited(exit.Code, exit.Signal);
        Input.End();
        _loop.Cancel(_lifetime);
        if (!EndIfDrained())
        {
            _loop.At(_loop.Now + DrainTime, () =>
            {
                _finalDrain = true;
                DrainForTheLastTime();
            });
        }
    }

    /// <summary>Ends all following and gives the memory back.</summary>
    public void Release()
    {
        long next = Ring.Next;
        Ring.Dispose();
        foreach (Follower follower in _followers.ToArray())
        {
            // With the ring gone this says at most that the rest was dropped, and then how the process ended.
            follower.AddCredit(Protocol.ProtocolLimits.FrameCost);
            Pump(follower);
        }

        System.Diagnostics.Debug.Assert(Ring.First == next);
    }

    private bool KillTree() => new ProcessTree(Pid, _mark, leaderIsReaped: _exit is not null).Kill();

    private void Read(OutputPipe pipe)
    {
        if (!MakeRoom())
        {
            Pause();
            return;
        }

        int count = pipe.Read(_scratch.AsSpan(0, Math.Min(Ring.Room, _scratch.Length)));
        if (count > 0)
        {
            Take(pipe, count);
        }
        else if (count == 0)
        {
            pipe.Close();
            EndIfDrained();
        }
    }

    private void Take(OutputPipe pipe, int count)
    {
        _pressure.Append(Ring.Next, _loop.Now);
        Ring.Append(pipe.Kind, _scratch.AsSpan(0, count));
        PumpAll();
    }

    private bool MakeRoom()
    {
        if (Ring.Room < ReadSize)
        {
            Ring.DropUntilRoom(ReadSize, _pressure.Floor(_loop.Now));
        }

        return Ring.Room > 0;
    }

    private void Pause()
    {
        _paused = true;
        foreach (OutputPipe pipe in _pipes)
        {
            pipe.Unwatch();
        }

        ResumeLater();
    }

    private void ResumeLater()
    {
        _loop.Cancel(_resume);
        _resume = _pressure.NextChange(_loop.Now) is { } moment ? _loop.At(moment, Resume) : null;
    }

    private void Resume()
    {
        if (!_paused)
        {
            return;
        }

        if (!MakeRoom())
        {
            ResumeLater();
            return;
        }

        _paused = false;
        _loop.Cancel(_resume);
        foreach (OutputPipe pipe in _pipes)
        {
            pipe.Watch();
        }

        if (_finalDrain)
        {
            DrainForTheLastTime();
        }
    }

    private void DrainForTheLastTime()
    {
        foreach (OutputPipe pipe in _pipes)
        {
            while (!pipe.IsClosed && !_paused)
            {
                if (!MakeRoom())
                {
                    Pause();
                    return;
                }

                int wanted = Math.Min(Math.Min(Ring.Room, _scratch.Length), pipe.FinalBudget);
                int count = wanted == 0 ? 0 : pipe.Read(_scratch.AsSpan(0, wanted));
                if (count <= 0)
                {
                    pipe.Close();
                    continue;
                }

                pipe.FinalBudget -= count;
                Take(pipe, count);
            }
        }

        EndIfDrained();
    }

    private bool EndIfDrained()
    {
        if (_exit is not { } exit || Ended is not null || !_pipes.All(pipe => pipe.IsClosed))
        {
            return Ended is not null;
        }

        Ended = exit;
        PumpAll();
        _onEnded(this);
        return true;
    }

    private void PumpAll()
    {
        for (int i = _followers.Count - 1; i >= 0; i--)
        {
            Pump(_followers[i]);
        }
    }
}
