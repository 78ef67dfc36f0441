/** Kinds of points, in the order of the kernel. */
export const KINDS = ['air_station', 'micro_station', 'water_section', 'lake_point', 'drinking_water_source', 'wastewater_outlet', 'waste_gas_outlet', 'noise_point', 'ecological_flow', 'groundwater_well', 'soil_point', 'electromagnetic_station', 'dust_point', 'hydrology_station', 'ecological_station'] as const;
