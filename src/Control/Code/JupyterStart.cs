using System.Text;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Domain.Templates;

namespace Atoll.Control.Code;

/// <summary>
/// Brings the Jupyter server of a sandbox to where it answers: it starts with the sandbox, which need not have come far
/// when the first code comes, and it is started again when it is gone.
/// </summary>
internal sealed class JupyterStart(TimeProvider time)
{
    /// <summary>Where the template's program writes its token, for root to read.</summary>
    private const string TokenPath = "/run/atoll/jupyter-token";

    private const int MaxToken = 256;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    /// <exception cref="FaultException"><see cref="FaultCode.Timeout"/>: it does not come up. InvalidArgument: the template has none.</exception>
    /// <param name="token">The server's, where it is known; null to ask for it.</param>
    public async Task<JupyterServer> ReachAsync(IAgent agent, Template? template, string? token, CancellationToken cancellation)
    {
        long since = time.GetTimestamp();
        bool looked = false;
        while (!await ListensAsync(agent, cancellation))
        {
            if (!looked)
            {
                await StartAsync(agent, template, cancellation);
                looked = true;
            }

            if (time.GetElapsedTime(since) > Limit)
            {
                throw new Fault(
                    FaultCode.Timeout,
                    $"the code interpreter of the sandbox did not listen on port {JupyterServer.Port} within {Limit.TotalSeconds} s: give the sandbox more memory or processors").AsException();
            }

            await Task.Delay(Retry, time, cancellation);
        }

        // By this agent only: what is still asked through it when its sandbox is paused must not bring that back.
        return new JupyterServer(limit => agent.ConnectAsync(JupyterServer.Port, limit), token ?? await TokenAsync(agent, cancellation));
    }

    private static async Task<bool> ListensAsync(IAgent agent, CancellationToken cancellation)
    {
        try
        {
            await using SandboxConnection probe = await agent.ConnectAsync(JupyterServer.Port, cancellation);
            return true;
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NothingListens)
        {
            return false;
        }
    }

    private static async Task StartAsync(IAgent agent, Template? template, CancellationToken cancellation)
    {
        if ((await agent.ListAsync(cancellation)).Any(process => process.Tag == ProcessSpec.StartTag && process.Exit is null))
        {
            return;
        }

        if (template is not { Start.Count: > 0 } || template.Ports.All(port => port.Port != JupyterServer.Port))
        {
            throw new Fault(
                FaultCode.InvalidArgument,
                $"template {template?.Name ?? "of the sandbox"} has no code interpreter: create the sandbox from code-interpreter").AsException();
        }

        await agent.StartAsync(new ProcessSpec { Arguments = template.Start, Tag = ProcessSpec.StartTag, WorkingDirectory = "/" }, cancellation);
    }

    private static async Task<string> TokenAsync(IAgent agent, CancellationToken cancellation)
    {
        ProcessInfo reader = await agent.StartAsync(
            new ProcessSpec { Arguments = ["/bin/cat", TokenPath], WorkingDirectory = "/", OutputCapacity = 4096, Lifetime = Limit }, cancellation);
        var token = new StringBuilder();
        await foreach (ProcessEvent happened in agent.AttachAsync(reader.Pid, 0, cancellation))
        {
            if (happened is ProcessEvent.Output { Stream: OutputStream.StandardOutput } output && token.Length <= MaxToken)
            {
                token.Append(Encoding.ASCII.GetString(output.Data.Span));
            }
        }

        await agent.ForgetAsync(reader.Pid, cancellation);
        string text = token.ToString();
        return text.Length is > 0 and <= MaxToken && text.All(char.IsAsciiHexDigit)
            ? text
            : throw new Fault(FaultCode.AgentUnavailable, $"{TokenPath} in the sandbox holds no token: kill what listens on port {JupyterServer.Port} and try again").AsException();
    }
}
