using System.CommandLine;
using System.Net;
using System.Text.Json;
using Atoll.Node;
using Atoll.Node.Runtimes;
using Atoll.Server.Commands;

namespace Atoll.Server.Doctor;

/// <summary><c>doctor</c>: tells whether sandboxes can run on this machine and, if not, the exact remedy.</summary>
internal static class DoctorCommand
{
    /// <summary>A hidden subcommand that boots the guest of <see cref="KvmProbe"/>.</summary>
    public const string KvmProbe = "kvm-probe";

    /// <summary>A hidden subcommand that starts a sandbox.</summary>
    public const string RuntimeProbeName = "runtime-probe";

    public static Command Create()
    {
        Option<string> data = ServerOptions.Data();
        Option<string> templates = ServerOptions.Templates();
        Option<IPEndPoint> listen = ServerOptions.Listen();
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var quick = new Option<bool>("--quick") { Description = "Leave out what starts a sandbox or a virtual machine" };

        var command = new Command("doctor", "Tell whether sandboxes can run on this machine, and what to do if not") { data, templates, listen, json, quick };
        command.SetAction(async (arguments, cancellation) =>
        {
            string directory = arguments.GetRequiredValue(data);
            List<ICheck> checks = [.. Cheap(directory, ServerOptions.TemplatesDirectory(arguments, templates, data), arguments.GetRequiredValue(listen))];
            if (!arguments.GetValue(quick))
            {
                checks.Add(new RuntimeCheck(Environment.ProcessPath!, directory));
                checks.Add(new KvmCheck(Environment.ProcessPath!));
            }

            IReadOnlyList<Checked> results = await Examination.RunAsync(checks, TimeProvider.System, cancellation);
            Console.WriteLine(arguments.GetValue(json) ? Report.Json(results) : Report.Table(results).TrimEnd());
            return Examination.ExitCode(results);
        });
        command.Subcommands.Add(KvmProbeCommand());
        command.Subcommands.Add(RuntimeProbeCommand());
        return command;
    }

    private static IReadOnlyList<ICheck> Cheap(string data, string templates, IPEndPoint listen) =>
    [
        new RootCheck(),
        new KernelCheck(),
        new ClockCheck(TimeProvider.System),
        new CgroupCheck(),
        new ToolsCheck(Environment.GetEnvironmentVariable("PATH")),
        new DiskCheck(data),
        new PortCheck(listen),
        new NftablesCheck(),
        new ForwardingCheck(),
        new TemplateCheck(templates),
    ];

    private static Command KvmProbeCommand()
    {
        var probe = new Command(KvmProbe) { Hidden = true };
        probe.SetAction(_ =>
        {
            try
            {
                Doctor.KvmProbe.Run();
                return 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
        });
        return probe;
    }

    // In a process of its own, like the other: the node's reaper takes every child of its process.
    private static Command RuntimeProbeCommand()
    {
        var data = new Option<string>("--data") { Required = true };
        var probe = new Command(RuntimeProbeName) { data };
        probe.Hidden = true;
        probe.SetAction(async (arguments, cancellation) =>
        {
            RuntimeProbe found = await NodeProbe.RunAsync(arguments.GetRequiredValue(data), cancellation);
            Console.WriteLine(JsonSerializer.Serialize(found));
            return 0;
        });
        return probe;
    }
}
