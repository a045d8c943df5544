using System.Runtime.CompilerServices;
using Atoll.Domain.Code;

namespace Atoll.Control.Code;

/// <summary>
/// One execution on a kernel's channels:
/// <code>
///   execute_request ─►  status busy · execute_input · stream, display_data, execute_result, error ... · status idle   (iopub)
///                       execute_reply                                                                                 (shell)
/// </code>
/// It is over when both the reply and the idle status are there, whichever comes first.
/// </summary>
internal sealed class CodeExecution(KernelChannel channel, CodeLanguage language, TimeProvider time)
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private bool _idle;
    private bool _replied;
    private bool _failed;
    private int _exitCode;
    private int _count;

    // R shows the values of expressions as it shows all else; the last one is the main one.
    private CodeResult? _held;

    /// <summary>Whether the kernel said that it is done, or is no more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether the kernel is another now: the channel leads nowhere, and a new one waits until it is ready.</summary>
    public bool HasDied { get; private set; }

    public async IAsyncEnumerable<CodeEvent> RunAsync(
        string code, IReadOnlyDictionary<string, string> environment, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await channel.SendAsync(KernelMessage.ExecuteRequest(_id, code, silent: false, environment), cancellation);
        while (!IsOver)
        {
            foreach (CodeEvent happened in Take(await channel.ReceiveAsync(cancellation)))
            {
                yield return happened;
            }

            IsOver |= _idle && _replied;
        }

        if (_held is { } last)
        {
            yield return new CodeEvent.Shown(last with { IsMain = !_failed }, _count);
        }

        yield return new CodeEvent.End(_exitCode, _count, _started, time.GetUtcNow());
    }

    /// <summary>Runs code of ours that shows nothing and counts for nothing; whether it worked.</summary>
    public async Task<bool> RunSilentlyAsync(string code, CancellationToken cancellation)
    {
        await channel.SendAsync(KernelMessage.ExecuteRequest(_id, code, silent: true, new Dictionary<string, string>()), cancellation);
        while (!IsOver)
        {
            _ = Take(await channel.ReceiveAsync(cancellation)).Count();
            IsOver |= _idle && _replied;
        }

        return !_failed;
    }

    private IEnumerable<CodeEvent> Take(KernelMessage? message)
    {
        if (message is null)
        {
            return [new CodeEvent.Output(IsError: true, $"[a result of more than {KernelChannel.MaxMessage >> 20} MiB was left out]\n", time.GetUtcNow())];
        }

        if (message.Parent != _id)
        {
            // The restarter of the server speaks for itself; what others asked for is not ours.
            return message is { Type: "status", Parent: "" } && message.Text("execution_state") is "restarting" or "dead" ? Died() : [];
        }

        switch (message.Type)
        {
            case "status":
                _idle |= message.Text("execution_state") is "idle";
                return [];
            case "stream":
                return [new CodeEvent.Output(message.Text("name") is "stderr", message.Text("text"), time.GetUtcNow())];
            case "display_data" or "execute_result":
                return Show(MimeBundle.Read(message.Content, isMain: message.Type is "execute_result"));
            case "error":
                return Fail(message);
            case "execute_input":
                _count = message.Number("execution_count") ?? _count;
                return [];
            case "execute_reply":
                return Reply(message);
            default:
                return [];
        }
    }

    private CodeEvent[] Show(CodeResult result)
    {
        if (language != CodeLanguage.R)
        {
            return [new CodeEvent.Shown(result, _count)];
        }

        CodeResult? before = _held;
        _held = result;
        return before is null ? [] : [new CodeEvent.Shown(before, _count)];
    }

    private CodeEvent[] Reply(KernelMessage reply)
    {
        _replied = true;
        _count = reply.Number("execution_count") ?? _count;
        string status = reply.Text("status");
        _exitCode = reply.Number("exit_code") ?? (status is "ok" ? 0 : 1);

        // Some kernels say only here that the code failed, and of an interrupt only that there was one.
        return status switch
        {
            "ok" => [],
            "error" => Fail(reply),
            _ => Fail("KeyboardInterrupt", "interrupted", "KeyboardInterrupt"),
        };
    }

    private CodeEvent[] Died()
    {
        (IsOver, HasDied) = (true, true);
        _exitCode = 1;
        return Fail("KernelDied", "the kernel ended while it ran this: the state of its context is lost", "KernelDied");
    }

    private CodeEvent[] Fail(KernelMessage message) => Fail(message.Text("ename"), message.Text("evalue"), message.Lines("traceback"));

    private CodeEvent[] Fail(string name, string value, string traceback)
    {
        if (_failed)
        {
            return [];
        }

        _failed = true;
        _exitCode = Math.Max(1, _exitCode);
        return [new CodeEvent.Error(name is "" ? "Error" : name, value.Trim(), traceback)];
    }
}
