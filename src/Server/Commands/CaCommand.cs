using System.CommandLine;
using Atoll.Server.Tls;

namespace Atoll.Server.Commands;

/// <summary><c>ca</c>: prints the certificate of the installation's authority, for clients to trust; makes it when there is none yet.</summary>
internal static class CaCommand
{
    public static Command Create()
    {
        Option<string> data = ServerOptions.Data();
        var command = new Command("ca", "Print the certificate that clients must trust to use TLS with this server") { data };
        command.SetAction(parsed =>
        {
            Console.Write(CertificateAuthority.Open(Path.GetFullPath(parsed.GetRequiredValue(data)), TimeProvider.System).Pem);
            return 0;
        });
        return command;
    }
}
