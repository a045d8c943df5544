using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>What a new process is given as its standard input, output and error.</summary>
/// <param name="Terminal">The path of the terminal that it opens in their place; null for the descriptors.</param>
internal sealed record ChildStreams(Descriptor Input, Descriptor Output, Descriptor Error, string? Terminal = null);

/// <summary>
/// Both ends of a process's input and output, until it has started: its own are closed then, the agent's are taken over.
/// <code>
///   pipes:     agent --Input--> 0 (or /dev/null)      agent &lt;--Outputs-- 1, 2
///   terminal:  agent &lt;--master--> /dev/pts/N = 0, 1, 2; Input is a second name of the master
/// </code>
/// </summary>
internal sealed class ProcessStreams : IDisposable
{
    private readonly List<Descriptor> _ours = [];
    private readonly List<Descriptor> _childs = [];

    private ProcessStreams(StartProcess request, Descriptor nothing)
    {
        try
        {
            Child = request.Terminal.IsNone ? OpenPipes(request.TakesInput, nothing) : OpenTerminal(request.Terminal, nothing);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ChildStreams Child { get; }

    /// <summary>Null for a process that takes no input. Does not block.</summary>
    public Descriptor? Input { get; private set; }

    public IReadOnlyList<(Descriptor Descriptor, OutputKind Kind)> Outputs { get; private set; } = [];

    /// <param name="nothing">/dev/null, which stays the caller's.</param>
    public static ProcessStreams Open(StartProcess request, Descriptor nothing) => new(request, nothing);

    public void CloseChildEnds() => _childs.ForEach(descriptor => descriptor.Dispose());

    /// <summary>Closes everything, when there is no process that it could belong to.</summary>
    public void Dispose()
    {
        CloseChildEnds();
        _ours.ForEach(descriptor => descriptor.Dispose());
    }

    private ChildStreams OpenPipes(bool takesInput, Descriptor nothing)
    {
        Descriptor input = nothing;
        if (takesInput)
        {
            (input, Input) = DescriptorCalls.InputPipe();
            _childs.Add(input);
            _ours.Add(Input);
        }

        (Descriptor output, Descriptor error) = (OutputPipe(), OutputPipe());
        Outputs = [(_ours[^2], OutputKind.StandardOutput), (_ours[^1], OutputKind.StandardError)];
        return new ChildStreams(input, output, error);
    }

    private Descriptor OutputPipe()
    {
        (Descriptor read, Descriptor write) = DescriptorCalls.Pipe();
        _ours.Add(read);
        _childs.Add(write);
        return write;
    }

    private ChildStreams OpenTerminal(WindowSize size, Descriptor nothing)
    {
        (Descriptor master, string path) = NewTerminal();
        _ours.Add(master);
        PseudoTerminals.SetSize(master, size.Columns, size.Rows);
        Input = DescriptorCalls.Duplicate(master);
        _ours.Add(Input);
        Outputs = [(master, OutputKind.Terminal)];
        return new ChildStreams(nothing, nothing, nothing, path);
    }

    private static (Descriptor Master, string Path) NewTerminal()
    {
        try
        {
            return PseudoTerminals.Open();
        }
        catch (SyscallException e) when (e.Error == Errno.ENOSPC)
        {
            throw new AgentErrorException(AgentErrorCode.TooMany, "the sandbox's kernel has no terminal left: end some");
        }
    }
}
