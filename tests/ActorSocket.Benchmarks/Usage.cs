using System.Globalization;

namespace ActorSocket.Benchmarks;

/// <summary>What a process, or the machine, has used so far, as the kernel counts it.</summary>
internal static class Usage
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on
    private const int PageSize = 4096;

    /// <summary>CPU time of a process with all its threads, in seconds.</summary>
    public static double CpuSeconds(int pid)
    {
        var fields = Fields(pid);
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    /// <summary>Resident memory of a process, in bytes.</summary>
    public static long ResidentBytes(int pid) => (long)Number(Fields(pid)[21]) * PageSize;

    /// <summary>
    /// CPU time of all processes and what a hypervisor took, in seconds. Interrupts are left out: on loopback they are the measured
    /// traffic's.
    /// </summary>
    public static double MachineCpuSeconds()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Number(fields[1]) + Number(fields[2]) + Number(fields[3]) + Number(fields[8])) / TicksPerSecond;
    }

    /// <summary>The fields of /proc/PID/stat after the command's name, which may contain anything.</summary>
    private static string[] Fields(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static double Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
