using System.Diagnostics;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Finds programs and runs them to their end.</summary>
internal static class Tool
{
    public static string? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            foreach (
                var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
                    Path.PathSeparator,
                    StringSplitOptions.RemoveEmptyEntries
                )
            )
            {
                var candidate = Path.Combine(folder, name);
                if (File.Exists(candidate))
                    return candidate;
            }
        }

        return null;
    }

    /// <summary>Runs a program and returns its exit code and all it printed. It never reads from the terminal.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string file,
        IEnumerable<string> arguments,
        string? folder = null,
        TimeSpan? limit = null
    )
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder ?? "",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitForAsync($"the end of `{file} {string.Join(' ', start.ArgumentList)}`", limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, string.Concat(await output));
    }
}
