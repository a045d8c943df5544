using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>All processes that the host started, running or ended and not forgotten; bounded in number and memory.</summary>
internal sealed class ProcessTable
{
    public const int MaxEndedBytes = 32 * 1024 * 1024;

    private readonly EventLoop _loop;
    private readonly Launcher _launcher;
    private readonly Reaper _reaper;
    private readonly Dictionary<int, GuestProcess> _processes = [];
    private readonly LinkedList<GuestProcess> _ended = [];
    private readonly byte[] _scratch = new byte[32 * 1024];
    private readonly Descriptor _null = DescriptorCalls.OpenNull();
    private readonly ListBudget _listed = new();
    private readonly InputBudget _inputBudget = new();

    public ProcessTable(EventLoop loop, Launcher launcher, Reaper reaper)
    {
        (_loop, _launcher, _reaper) = (loop, launcher, reaper);
        loop.Add(reaper.Signal.Descriptor, EpollEvents.EPOLLIN, _ => TakeExits());
    }

    /// <summary>Is shown how each child ended first, and says whether it was its own.</summary>
    public Predicate<ChildExit>? OtherOwner { get; set; }

    public ProcessEntry Start(StartProcess request)
    {
        if (request.OutputCapacity is < ProtocolLimits.MinOutputCapacity or > ProtocolLimits.MaxOutputCapacity)
        {
            throw new AgentErrorException(
                AgentErrorCode.InvalidArgument,
                $"an output capacity of {request.OutputCapacity} bytes: {ProtocolLimits.MinOutputCapacity} to {ProtocolLimits.MaxOutputCapacity} are possible");
        }

        if (_processes.Count - _ended.Count >= ProtocolLimits.MaxProcesses)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, $"{ProtocolLimits.MaxProcesses} processes run already: end some");
        }

        ProcessStreams streams = ProcessStreams.Open(request, _null);
        try
        {
            var mark = RunMark.New();
            int pid = _launcher.Start(request, mark, streams.Child);
            streams.CloseChildEnds();
            return Add(pid, request, mark, streams);
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    public GuestProcess Get(int pid) => _processes.TryGetValue(pid, out GuestProcess? process)
        ? process
        : throw new AgentErrorException(AgentErrorCode.UnknownProcess, $"no process {pid}, or one that has been forgotten");

    /// <summary>Signals a process, or its group, which may outlive it. SIGKILL to the group reaches all that the process started.</summary>
    public void Signal(Signal request)
    {
        GuestProcess process = Get(request.Pid);
        if (request.Number is < 0 or > Signals.Max)
        {
            throw new AgentErrorException(AgentErrorCode.InvalidArgument, $"no signal {request.Number}: 0 to {Signals.Max} are possible");
        }

        if (process.Ended is not null && !request.WholeGroup)
        {
            throw new AgentErrorException(AgentErrorCode.UnknownProcess, $"process {request.Pid} has ended");
        }

        if (request is { WholeGroup: true, Number: Signals.SIGKILL })
        {
            if (!process.Kill())
            {
                throw new AgentErrorException(AgentErrorCode.UnknownProcess, $"process {request.Pid} has ended, with all that it started");
            }

            return;
        }

        if (Signals.Send(request.WholeGroup ? -request.Pid : request.Pid, request.Number) is not Errno.None)
        {
            throw new AgentErrorException(AgentErrorCode.UnknownProcess, $"process {request.Pid} has ended");
        }
    }

    /// <summary>The next page of processes in the order of their pids, as large as one frame takes.</summary>
    public ProcessPage List(int afterPid)
    {
        List<ProcessEntry> page = [];
        int size = 0;
        foreach (int pid in _processes.Keys.Where(pid => pid > afterPid).Order())
        {
            GuestProcess process = _processes[pid];
            size += ListBudget.SizeOf(process.Entry);
            if (page.Count > 0 && size > ProtocolLimits.MaxPayload - 1024)
            {
                return new ProcessPage(page, More: true);
            }

            page.Add(process.Entry with { Exit = process.Ended });
        }

        return new ProcessPage(page, More: false);
    }

    public void Forget(int pid)
    {
        GuestProcess process = Get(pid);
        if (process.Ended is null)
        {
            throw new AgentErrorException(AgentErrorCode.StillRunning, $"process {pid} still runs: end it first");
        }

        Remove(process);
    }

    private ProcessEntry Add(int pid, StartProcess request, RunMark mark, ProcessStreams streams)
    {
        if (_processes.TryGetValue(pid, out GuestProcess? old))
        {
            // The kernel gives a number away again only when its process is gone.
            Remove(old);
        }

        ProcessEntry entry = _listed.Enter(pid, request, _loop.WallClock);
        _processes[pid] = new GuestProcess(_loop, _scratch, OnEnded, entry, request, mark, streams, _inputBudget);
        _reaper.Spawned();
        return entry;
    }

    private void TakeExits()
    {
        _reaper.Signal.Clear();
        while (_reaper.TryTake(out ChildExit exit))
        {
            if (OtherOwner?.Invoke(exit) != true && _processes.TryGetValue(exit.Pid, out GuestProcess? process))
            {
                process.OnExit(exit);
            }
        }
    }

    private void OnEnded(GuestProcess process)
    {
        _ended.AddLast(process);
        while (_ended.Count > ProtocolLimits.MaxEnded || _ended.Sum(ended => (long)ended.Ring.Held) > MaxEndedBytes)
        {
            Remove(_ended.FirstOrDefault(ended => !ended.IsFollowed) ?? _ended.First!.Value);
        }
    }

    private void Remove(GuestProcess process)
    {
        _processes.Remove(process.Pid);
        _ended.Remove(process);
        _listed.Leave(process.Entry);
        process.Release();
    }
}
